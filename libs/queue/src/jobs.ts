/** The life of jobs as the api sees it: made, looked at, listed, cancelled, and let go. What comes after: `past-jobs.ts`. */
import type { Redis } from 'ioredis'
import {
  clusterKeys,
  deepestJob,
  isFinished,
  jobKeys,
  type Bell,
  type JobId,
  type JobPlace,
  type JobSpec,
  type JobState,
  type JobStatus,
} from '@burla/protocol'
import { encodeRecord } from './job-hash.ts'
import { jobUserRules } from './job-user.ts'
import { statusOf, viewJob, viewLiveJobs } from './job-view.ts'
import { listPastJobs, retireJob } from './past-jobs.ts'
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
    // A function that is started inside a call is made of what that call has.
    const layer = spec.layer ?? above?.layer
    const withLayer = { ...spec, ...(layer !== undefined && { layer }) }
    pipeline.hset(k.record, { ...encodeRecord(withLayer, Date.now()), ...(history && { history: '1' }) })
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

export interface JobQuery {
  limit: number
  /** only jobs in this state */
  state?: JobState
}

/** Live jobs and past ones, the newest first. */
export async function listJobs(redis: Redis, { limit, state }: JobQuery): Promise<JobStatus[]> {
  const wanted = (job: JobStatus) => state === undefined || job.state === state
  const [live, past] = await Promise.all([
    viewLiveJobs(redis),
    state === undefined || isFinished(state) ? listPastJobs(redis, { limit, wanted }) : [],
  ])
  // One that is just being retired is in both lists.
  const jobs = new Map([...past, ...live.map(statusOf).filter(wanted)].map((job) => [job.id, job]))
  return [...jobs.values()].sort((a, b) => b.createdAt - a.createdAt).slice(0, limit)
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
  if ((await redis.hlen(k.claims)) === 0) await retireJob(redis, jobId, { dropResults: true })
  return state
}
