import { claim, connectRedis, createJob, release, renewClaim, type Redis } from '@burla/queue'
import { claimExpiryMs, jobKeys, lapsedAfterMs, lostAfterMs, newJobId, type Claim } from '@burla/protocol'
import { someJob, useRedis } from '@burla/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { watchClaim } from './claim-watch.ts'

const server = useRedis()
const ours: Claim = { nodeId: 'n', state: 'active', slots: 1, runnerId: null, claimedAt: 0 }
let redis: Redis
let jobId: string
let stop: AbortController
/** What the watch takes for the time; each look at it moves it on. */
let time: number
let step: number
beforeEach(async () => {
  redis = connectRedis({ address: server.address, password: server.password, name: 'test' })
  stop = new AbortController()
  jobId = newJobId('test')
  time = 0
  step = 0
  await createJob(redis, 'key', someJob({ id: jobId, known: 1 }))
  await claim(redis, jobId, ours)
})
afterEach(() => {
  stop.abort()
  redis.disconnect()
})

const watch = () => watchClaim({ redis, jobId, nodeId: 'n', signal: stop.signal, now: () => (time += step) })
/** As if the last renewal was so long ago. */
const silent = (ms: number) => redis.pexpire(jobKeys(jobId).claim('n'), claimExpiryMs - ms)

test('P2 a runner stops before others may take what it has: its claim lapses earlier than it is lost', async () => {
  await silent(lapsedAfterMs)
  expect(await watch()).toBe('lapsed')
  expect(lapsedAfterMs).toBeLessThan(lostAfterMs - 2_000)
})

test('a claim that cannot be read has lapsed when its time is over', async () => {
  redis.disconnect()
  step = lapsedAfterMs / 4
  expect(await watch()).toBe('lapsed')
  expect(time).toBeGreaterThanOrEqual(lapsedAfterMs)
})

test('a claim that was given away has lapsed at once, also after a sleep', async () => {
  await release(redis, jobId, 'n', 0)
  step = lostAfterMs
  expect(await watch()).toBe('lapsed')
})

test('after a sleep of all, an old claim is good until its agent had time to renew it', async () => {
  await silent(lostAfterMs + 1)
  let looks = 0
  const now = () => {
    looks++
    return looks === 1 ? 0 : lostAfterMs + looks * 10
  }
  const end = watchClaim({ redis, jobId, nodeId: 'n', signal: stop.signal, now })
  await expect.poll(() => looks).toBeGreaterThan(4)
  await renewClaim(redis, jobId, ours)
  const looksThen = looks
  await expect.poll(() => looks, { timeout: 5_000 }).toBeGreaterThan(looksThen + 4)
  await redis.hset(jobKeys(jobId).record, 'state', 'cancelling')
  expect(await end).toBe('cancelled')
})

test('after a sleep of all, a claim that its agent does not renew has lapsed', async () => {
  await silent(lostAfterMs + 1)
  const times = [0, lostAfterMs, lostAfterMs]
  expect(
    await watchClaim({ redis, jobId, nodeId: 'n', signal: stop.signal, now: () => times.shift() ?? (time += 100_000) }),
  ).toBe('lapsed')
})

test('a renewed claim goes on, until the job is cancelled', async () => {
  const end = watch()
  const renewing = setInterval(() => {
    time += lapsedAfterMs / 3
    void renewClaim(redis, jobId, ours)
  }, 300)
  await expect.poll(() => time, { timeout: 10_000 }).toBeGreaterThan(2 * lostAfterMs)
  await redis.hset(jobKeys(jobId).record, 'state', 'cancelling')
  expect(await end).toBe('cancelled')
  clearInterval(renewing)
})
