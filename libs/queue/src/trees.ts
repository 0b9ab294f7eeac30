/**
 * Trees: a job and the jobs that were started inside its calls, and inside theirs.
 *
 *  TR1  A job that was started inside a call ends with that call, however the call ends: returned without awaiting it,
 *       thrown, timed out, killed, lost with its runner or node, or ended with its own job.
 *  TR2  A call is known by its input and its `callId`; a further call for the same input is another one, and starts jobs
 *       of its own.
 */
import type { Redis } from 'ioredis'
import {
  clusterKeys,
  isFinished,
  jobKeys,
  type JobId,
  type JobParent,
  type JobPlace,
  type JobStatus,
} from '@burla/protocol'
import { viewJobs, statusOf, type JobView } from './job-view.ts'
import { cancelJob, type JobQuery } from './jobs.ts'
import { retireJob } from './past-jobs.ts'

/** The note that a call has begun may arrive after the call has started a job. */
const notedWithinMs = 2_000

/** TR1. Without effect on a job whose call still runs. */
export async function endWithCall(redis: Redis, { record, claims }: JobView, parent: JobParent): Promise<void> {
  if (!(await hasEnded(redis, parent, Date.now() - record.createdAt))) return
  if (isFinished(record.state)) {
    if (claims.length === 0) await retireJob(redis, record.id)
  } else if (record.state !== 'cancelling') {
    const reason = `the call for input ${parent.input} of job ${parent.jobId}, in which it was started, has ended`
    await cancelJob(redis, record.id, { outcome: 'cancelled', reason })
  }
}

async function hasEnded(redis: Redis, { jobId, input, call }: JobParent, ageMs: number): Promise<boolean> {
  const k = jobKeys(jobId)
  const [state, running] = await Promise.all([redis.hget(k.record, 'state'), redis.hget(k.running, String(input))])
  if (state !== 'waiting' && state !== 'running') return true
  if (running === null) return ageMs > notedWithinMs
  return running !== call
}

/** Whether `jobId` was started inside a call of `above`, or inside one of the jobs that were. */
export async function isBelow(redis: Redis, jobId: JobId, above: JobId): Promise<boolean> {
  for (let at = await placeOf(redis, jobId); at?.parent; at = await placeOf(redis, at.parent.jobId)) {
    if (at.parent.jobId === above) return true
  }
  return false
}

async function placeOf(redis: Redis, jobId: JobId): Promise<JobPlace | undefined> {
  const text = await redis.get(clusterKeys.place(jobId))
  return text === null ? undefined : (JSON.parse(text) as JobPlace)
}

/** The newest jobs below this one, whatever their state, as long as their records are kept. */
export async function listJobsBelow(redis: Redis, above: JobId, { limit, state }: JobQuery): Promise<JobStatus[]> {
  const views = await viewJobs(redis, await idsBelow(redis, above))
  return views
    .map(statusOf)
    .filter((job) => state === undefined || job.state === state)
    .sort((a, b) => b.createdAt - a.createdAt)
    .slice(0, limit)
}

async function idsBelow(redis: Redis, above: JobId): Promise<JobId[]> {
  const children = await redis.smembers(clusterKeys.children(above))
  const further = await Promise.all(children.map((child) => idsBelow(redis, child)))
  return [...children, ...further.flat()]
}
