import { clusterKeys, jobKeys } from '@burla/protocol'
import { useRedis } from '@burla/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { connectRedis, createJob, retireJob, viewLiveJobs, type Redis } from './index.ts'
import { asJob, clusterKey, makeJob, spec } from './test-job.ts'

const server = useRedis()
let redis: Redis
beforeEach(() => {
  redis = connectRedis({ address: server.address, password: server.password, name: 'test' })
})
afterEach(() => redis.disconnect())

test("P9 a job's user reaches its own keys and its function, and nothing else", async () => {
  const jobId = await makeJob(redis, 1)
  const other = await makeJob(redis, 1)
  await redis.set(clusterKeys.function('0'.repeat(64)), 'code')
  await redis.set(clusterKeys.function('1'.repeat(64)), 'code of others')
  const user = asJob(server.address, jobId)
  try {
    expect(await user.hget(jobKeys(jobId).record, 'name')).toBe('test')
    expect(await user.get(clusterKeys.function('0'.repeat(64)))).toBe('code')
    const refused: Promise<unknown>[] = [
      user.set(clusterKeys.function('0'.repeat(64)), 'other code'),
      user.get(clusterKeys.function('1'.repeat(64))),
      user.hgetall(jobKeys(other).record),
      user.smembers(clusterKeys.liveJobs),
      user.keys('*'),
      user.scan(0),
      user.flushall(),
      user.config('GET', 'maxmemory'),
      user.call('ACL', 'LIST'),
      user.client('LIST'),
      user.dbsize(),
      user.publish(clusterKeys.bell, '{}'),
      user.eval('return redis.call("GET", KEYS[1])', 1, clusterKeys.function('1'.repeat(64))),
    ]
    for (const reply of await Promise.allSettled(refused)) {
      expect(reply).toMatchObject({
        status: 'rejected',
        reason: { message: expect.stringMatching(/NOPERM|No permission|can't run this command|ACL failure/) as string },
      })
    }
  } finally {
    user.disconnect()
  }
})

test('P8 a cleaned up job leaves its record, which expires, and nothing else', async () => {
  const before = new Set(await redis.keys('*'))
  const jobId = await makeJob(redis, 1)
  await retireJob(redis, jobId)
  const left = (await redis.keys('*')).filter((key) => !before.has(key))
  expect(left.toSorted()).toEqual([clusterKeys.pastJobs, clusterKeys.summaries, jobKeys(jobId).record].toSorted())
  expect(await redis.pttl(jobKeys(jobId).record)).toBeGreaterThan(0)
  expect(await redis.call('ACL', 'USERS')).toEqual(['default'])
  expect(await viewLiveJobs(redis)).toEqual([])
})

test('making the same job twice is making it once; another function under its id is a conflict', async () => {
  const job = spec(1)
  expect(await createJob(redis, clusterKey, job)).toBe('created')
  await redis.hset(jobKeys(job.id).record, 'state', 'running')
  expect(await createJob(redis, clusterKey, job)).toBe('same')
  expect(await redis.hget(jobKeys(job.id).record, 'state')).toBe('running')
  expect(await createJob(redis, clusterKey, { ...job, functionDigest: '1'.repeat(64) })).toBe('conflict')
})
