/** The life of jobs as the api sees it: made, looked at, cancelled, and cleaned up until only a record is left. */
import type { Redis } from 'ioredis'
import {
  clusterKeys,
  deepestJob,
  isFinished,
  jobKeys,
  recordRetentionMs,
  type Bell,
  type JobId,
  type JobPlace,
  type JobSpec,
  type JobStatus,
} from '@burla/protocol'
import { encodeRecord } from './job-hash.ts'
import { jobUser, jobUserRules } from './job-user.ts'
import { statusOf, viewJob, viewJobs } from './job-view.ts'
import { cancel, type StateReply } from './scripts.ts'

export type Made = 'created' | 'same' | 'conflict' | 'parent over' | 'too deep'

/** Making the same job twice (the first reply was lost) is making it once. `history`: whether one is kept, see job-history. */
export async function createJob(
  redis: Redis,
  clusterKey: string,
  spec: JobSpec,
  { history = true }: { history?: boolean | undefined } = {},
): Promise<Made> {
  const k = jobKeys(spec.id)
  const before = await redis.hget(k.record, 'functionDigest')
  if (before !== null && before !== spec.functionDigest) return 'conflict'
  const above = spec.parent && (await viewJob(redis, spec.parent.jobId))?.record
  if (before === null && spec.parent && above?.state !== 'waiting' && above?.state !== 'running') return 'parent over'
  if (above && above.depth >= deepestJob) return 'too deep'
  const bell: Bell = { type: 'demand', jobId: spec.id }
  const pipeline = redis.pipeline()
  pipeline.call('ACL', 'SETUSER', ...jobUserRules(clusterKey, spec.id, spec.functionDigest))
  if (before === null) {
    pipeline.hset(k.record, { ...encodeRecord(spec, Date.now()), ...(history && { history: '1' }) })
  }
  if (spec.parent && above) {
    const place: JobPlace = { parent: spec.parent, treeId: above.treeId, depth: above.depth + 1 }
    pipeline.set(clusterKeys.place(spec.id), JSON.stringify(place))
    pipeline.sadd(clusterKeys.children(above.id), spec.id)
  }
  pipeline.hset(k.queue.meta, 'opts.maxLenEvents', 0)
  pipeline.set(k.client, 1, 'PX', spec.clientGraceMs)
  pipeline.sadd(clusterKeys.liveJobs, spec.id)
  pipeline.publish(clusterKeys.bell, JSON.stringify(bell))
  for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error
  return before === null ? 'created' : 'same'
}

export async function readJob(redis: Redis, jobId: JobId): Promise<JobStatus | undefined> {
  const view = await viewJob(redis, jobId)
  return view && statusOf(view)
}

/** Live jobs, then finished ones, the newest first. */
export async function listJobs(redis: Redis, limit: number): Promise<JobStatus[]> {
  const [live, past] = await Promise.all([
    redis.smembers(clusterKeys.liveJobs),
    redis.zrange(clusterKeys.pastJobs, 0, String(limit - 1), 'REV'),
  ])
  const views = await viewJobs(redis, [...new Set([...live, ...past])])
  return views
    .map(statusOf)
    .sort((a, b) => b.createdAt - a.createdAt)
    .slice(0, limit)
}

/** Also ends the jobs below it. */
export async function cancelJob(
  redis: Redis,
  jobId: JobId,
  end: { outcome: 'cancelled' | 'failed'; reason: string },
): Promise<StateReply> {
  const state = await cancel(redis, jobId, end)
  const bell: Bell = { type: 'cancel', jobId }
  await redis.publish(clusterKeys.bell, JSON.stringify(bell))
  const reason = `job ${jobId}, in which it was started, was ended`
  const children = await redis.smembers(clusterKeys.children(jobId))
  await Promise.all(children.map((child) => cancelJob(redis, child, { outcome: 'cancelled', reason })))
  return state
}

/** The client has all it wants. What is left of the job goes now, or when its last node has released it. */
export async function releaseJobData(redis: Redis, jobId: JobId): Promise<StateReply> {
  const k = jobKeys(jobId)
  const state = (await redis.hget(k.record, 'state')) as StateReply | null
  if (!state) return 'gone'
  await redis.hset(k.record, 'clientDone', 1)
  if (!isFinished(state as never)) return cancelJob(redis, jobId, { outcome: 'cancelled', reason: 'its client left' })
  if ((await redis.hlen(k.claims)) === 0) await cleanUpJob(redis, jobId)
  return state
}

/** Removes everything of a finished job but its record and its history, which expire by themselves (P8). */
export async function cleanUpJob(redis: Redis, jobId: JobId): Promise<void> {
  await removeJobData(redis, jobId)
  await addToTree(redis, jobId)
  const pipeline = redis.pipeline()
  const k = jobKeys(jobId)
  const { place, children } = clusterKeys
  const kept = [k.record, place(jobId), children(jobId), k.counts, k.records, k.failures, k.lines]
  for (const key of kept) pipeline.pexpire(key, recordRetentionMs)
  pipeline.srem(clusterKeys.liveJobs, jobId)
  pipeline.zadd(clusterKeys.pastJobs, Date.now(), jobId)
  pipeline.zremrangebyscore(clusterKeys.pastJobs, '-inf', Date.now() - recordRetentionMs)
  for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error
}

/** Node time is counted per tree (P3), also that of jobs which are no longer looked at. */
async function addToTree(redis: Redis, jobId: JobId): Promise<void> {
  const { id, treeId, nodeMs } = (await viewJob(redis, jobId))?.record ?? {}
  if (!treeId || treeId === id) return
  const { record } = jobKeys(treeId)
  if ((await redis.exists(record)) === 1) await redis.hincrby(record, 'nodeMsBelow', nodeMs ?? 0)
}

/** The queue, the results, the claims, the user: all but the record, the counts and the history. */
export async function removeJobData(redis: Redis, jobId: JobId): Promise<void> {
  const k = jobKeys(jobId)
  const q = k.queue
  for (const list of [q.wait, q.active]) await unlinkBullJobs(redis, jobId, await redis.lrange(list, 0, -1))
  await unlinkBullJobs(redis, jobId, await redis.zrange(q.delayed, 0, '-1'))
  const pipeline = redis.pipeline()
  pipeline.unlink(k.results, k.done, k.running, k.places, k.attempts, k.losses, k.inputs, k.values, k.batches)
  pipeline.unlink(k.claims, k.client, q.wait, q.active, q.delayed, q.stalled, q.marker, q.meta, q.events, q.id)
  pipeline.unlink(`${q.jobs}stalled-check`, `${q.jobs}completed`, `${q.jobs}failed`, `${q.jobs}pc`)
  pipeline.call('ACL', 'DELUSER', jobUser(jobId))
  for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error
}

async function unlinkBullJobs(redis: Redis, jobId: JobId, bullIds: string[]): Promise<void> {
  const { queue } = jobKeys(jobId)
  for (let from = 0; from < bullIds.length; from += 500) {
    const keys = bullIds.slice(from, from + 500).flatMap((id) => [queue.job(id), `${queue.job(id)}:lock`])
    await redis.unlink(...keys)
  }
}
