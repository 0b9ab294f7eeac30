import { connectRedis, createJob, type Redis } from '@burla/queue'
import { jobKeys, lostAfterMs, newJobId } from '@burla/protocol'
import { someJob, useRedis } from '@burla/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { watchClaim } from './claim-watch.ts'

const server = useRedis()
let redis: Redis
let jobId: string
let stop: AbortController
beforeEach(async () => {
  redis = connectRedis({ address: server.address, password: server.password, name: 'test' })
  stop = new AbortController()
  jobId = newJobId('test')
  await createJob(redis, 'key', someJob({ id: jobId, known: 1 }))
  await redis.set(jobKeys(jobId).claim('n'), 1)
})
afterEach(() => {
  stop.abort()
  redis.disconnect()
})

const watch = (now: () => number) => watchClaim({ redis, jobId, nodeId: 'n', signal: stop.signal, now })

test('a claim that is not renewed for 15 s has lapsed', async () => {
  let looks = 0
  expect(await watch(() => looks++ * lostAfterMs)).toBe('lapsed')
})

test('a claim that cannot be read for 15 s has lapsed', async () => {
  redis.disconnect()
  let looks = 0
  expect(await watch(() => looks++ * lostAfterMs)).toBe('lapsed')
})

test('a claim that was taken away has lapsed at once', async () => {
  await redis.del(jobKeys(jobId).claim('n'))
  expect(await watch(() => 0)).toBe('lapsed')
})

test('a renewed claim goes on, until the job is cancelled', async () => {
  let renewal = 1
  let time = 0
  const renewing = setInterval(() => {
    time += lostAfterMs / 4
    void redis.set(jobKeys(jobId).claim('n'), ++renewal)
  }, 500)
  const end = watch(() => time)
  setTimeout(() => void redis.hset(jobKeys(jobId).record, 'state', 'cancelling'), 4_500)
  expect(await end).toBe('cancelled')
  expect(time).toBeGreaterThan(lostAfterMs)
  clearInterval(renewing)
})
