import { clusterKeys, jobKeys, recordRetentionMs, type JobSpec } from '@burla/protocol'
import { useRedis } from '@burla/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  announce,
  append,
  cancel,
  connectRedis,
  createJob,
  dropExpiredResults,
  forgetExpiredJobs,
  listJobs,
  listKeptJobs,
  openJob,
  jobCredentials,
  readJob,
  releaseJobData,
  retireJob,
  viewLiveJobs,
  type Redis,
} from './index.ts'
import { clusterKey, makeJob, result, spec } from './test-job.ts'

const server = useRedis()
let redis: Redis
beforeEach(() => {
  redis = connectRedis({ address: server.address, password: server.password, name: 'test' })
})
afterEach(() => redis.disconnect())

/** A job of which input 0 has a result, and 1 and 2 are in the queue, one of them beside it. */
async function halfDone(more: Partial<JobSpec>): Promise<string> {
  const jobId = await makeJob(redis, 3, {}, more)
  const job = openJob(jobCredentials(clusterKey, jobId, server.address))
  await job.push([1, 2].map((index) => ({ index, bytes: Buffer.alloc(index * 10_000) })))
  await append(redis, jobId, { runnerId: 'a', number: 1, entries: [result(0)] })
  await job.close()
  return jobId
}

const end = (jobId: string) => cancel(redis, jobId, { outcome: 'cancelled', reason: 'enough' })
const keysOf = async (jobId: string) => (await redis.keys(`${jobKeys(jobId).prefix}:*`)).sort()
const users = () => redis.call('ACL', 'USERS')

test('P8 an attached job that is over leaves its record, for a day', async () => {
  const jobId = await halfDone({})
  await end(jobId)
  await retireJob(redis, jobId)
  const k = jobKeys(jobId)
  expect(await keysOf(jobId)).toEqual([k.counts, k.record, k.records])
  expect(await redis.pttl(jobKeys(jobId).record)).toBeLessThanOrEqual(recordRetentionMs)
  expect(await redis.pttl(jobKeys(jobId).record)).toBeGreaterThan(recordRetentionMs - 60_000)
  expect(await users()).toEqual(['default'])
  expect(await viewLiveJobs(redis)).toEqual([])
})

test('P6 a submitted job that is over keeps its results and its user until its retention ends, then its record only', async () => {
  const jobId = await halfDone({ kind: 'submitted', retentionMs: 100_000 })
  await end(jobId)
  await retireJob(redis, jobId)
  const k = jobKeys(jobId)
  expect(await keysOf(jobId)).toEqual([k.counts, k.record, k.records, k.results])
  expect(await users()).toContain(`job-${jobId}`)
  expect(await viewLiveJobs(redis)).toEqual([])
  expect(await listKeptJobs(redis)).toEqual([{ id: jobId, functionDigest: '0'.repeat(64) }])

  const { keptUntilAt, finishedAt } = (await readJob(redis, jobId))!
  expect(keptUntilAt).toBe(finishedAt! + 100_000)
  expect(await redis.pexpiretime(k.record)).toBe(keptUntilAt! + recordRetentionMs)
  expect(await dropExpiredResults(redis, keptUntilAt! - 1)).toEqual([])
  expect(await dropExpiredResults(redis, keptUntilAt!)).toEqual([jobId])
  expect(await keysOf(jobId)).toEqual([k.record])
  expect(await users()).toEqual(['default'])
  expect(await redis.exists(clusterKeys.keptJobs)).toBe(0)
})

test('the status of a job stays as it was at its end, whatever of it has gone', async () => {
  for (const kind of ['attached', 'submitted'] as const) {
    const jobId = await halfDone({ kind })
    await end(jobId)
    const before = await readJob(redis, jobId)
    expect(before).toMatchObject({
      state: 'cancelled',
      reason: 'enough',
      inputs: { known: 3, waiting: 2, completed: 1 },
    })
    await retireJob(redis, jobId)
    expect(await readJob(redis, jobId)).toEqual(before)
    await dropExpiredResults(redis, Infinity)
    expect(await readJob(redis, jobId)).toEqual(before)
    expect(await listJobs(redis, { limit: 1 })).toEqual([before])
  }
})

test('retiring that was cut off anywhere is made good by retiring again', async () => {
  const jobId = await halfDone({ kind: 'submitted' })
  await end(jobId)
  const before = await readJob(redis, jobId)
  await retireJob(redis, jobId)
  // As if the process had died before the last step.
  await redis.sadd(clusterKeys.liveJobs, jobId)
  await redis.zrem(clusterKeys.pastJobs, jobId)
  await redis.zrem(clusterKeys.keptJobs, jobId)
  expect(await listJobs(redis, { limit: 9 })).toEqual([before])
  await retireJob(redis, jobId)
  expect(await viewLiveJobs(redis)).toEqual([])
  expect(await listKeptJobs(redis)).toHaveLength(1)
  expect(await listJobs(redis, { limit: 9 })).toEqual([before])
})

test('a submitted job whose client says that it has all it wants keeps nothing, also when it was kept already', async () => {
  const early = await halfDone({ kind: 'submitted' })
  await end(early)
  await releaseJobData(redis, early)
  const late = await halfDone({ kind: 'submitted' })
  await end(late)
  await retireJob(redis, late)
  await releaseJobData(redis, late)
  for (const jobId of [early, late]) {
    expect(await redis.exists(jobKeys(jobId).results)).toBe(0)
    expect((await readJob(redis, jobId))?.keptUntilAt).toBeLessThanOrEqual(Date.now())
  }
  expect(await users()).toEqual(['default'])
  expect(await listKeptJobs(redis)).toEqual([])
})

test('jobs are listed the newest first, live and past ones, as many and in the state that was asked for', async () => {
  const ids: string[] = []
  for (let i = 0; i < 6; i++) {
    const job = spec(0, {}, { kind: i % 2 ? 'submitted' : 'attached' })
    await createJob(redis, clusterKey, job)
    await redis.hset(jobKeys(job.id).record, 'createdAt', 1_000 + i)
    if (i < 2) await end(job.id)
    else if (i < 4) await announce(redis, job.id, { known: 0, ended: true })
    if (i < 4) await retireJob(redis, job.id)
    ids.unshift(job.id)
  }
  const listed = async (query: Parameters<typeof listJobs>[1]) => (await listJobs(redis, query)).map(({ id }) => id)
  expect(await listed({ limit: 99 })).toEqual(ids)
  expect(await listed({ limit: 3 })).toEqual(ids.slice(0, 3))
  expect(await listed({ limit: 99, state: 'waiting' })).toEqual(ids.slice(0, 2))
  expect(await listed({ limit: 99, state: 'completed' })).toEqual(ids.slice(2, 4))
  expect(await listed({ limit: 1, state: 'cancelled' })).toEqual(ids.slice(4, 5))
})

test('a job whose record has expired is no longer listed, takes no place, and is forgotten', async () => {
  const ids: string[] = []
  for (let i = 0; i < 3; i++) {
    const jobId = await makeJob(redis, 1)
    await redis.hset(jobKeys(jobId).record, 'createdAt', i)
    await end(jobId)
    if (i === 1) await redis.hset(jobKeys(jobId).record, 'finishedAt', Date.now() - recordRetentionMs)
    await retireJob(redis, jobId)
    ids.unshift(jobId)
  }
  expect((await listJobs(redis, { limit: 2 })).map(({ id }) => id)).toEqual([ids[0], ids[2]])
  await redis.del(jobKeys(ids[1]!).record)
  await forgetExpiredJobs(redis)
  expect(await redis.zrange(clusterKeys.pastJobs, 0, '-1', 'REV')).toEqual([ids[0], ids[2]])
  expect((await redis.hkeys(clusterKeys.summaries)).toSorted()).toEqual([ids[0]!, ids[2]!].toSorted())
})
