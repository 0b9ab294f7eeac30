/**
 * A job after its end:
 *
 *   finished, still live -> retired: in the list of past jobs, the live ones' lists know it no more
 *       attached     its record and its history stay for a day
 *       submitted    its results, its history and its user stay until its retention ends, its record for a day after that
 *   -> expired: Redis removes the record by itself
 *
 * A retired job changes no more, so its status is written once: as `summary` into its record, and into one hash for all,
 * from which a list of thousands is read with one command (ten thousand records take 400 ms).
 */
import type { Redis } from 'ioredis'
import { clusterKeys, jobKeys, recordRetentionMs, type JobId, type JobRecord, type JobStatus } from '@burla/protocol'
import { jobUser } from './job-user.ts'
import { statusOf, viewJob } from './job-view.ts'
import { evenWhenFull } from './scripts.ts'

/** To be called when it is finished and no node serves it. Being cut off and called again does no harm. */
export async function retireJob(redis: Redis, jobId: JobId, { dropResults = false } = {}): Promise<void> {
  const k = jobKeys(jobId)
  const view = await viewJob(redis, jobId)
  if (!view) return void (await redis.srem(clusterKeys.liveJobs, jobId))
  const now = Date.now()
  const status = statusOf(view)
  if (dropResults && status.keptUntilAt !== null) status.keptUntilAt = Math.min(status.keptUntilAt, now)
  const keptUntilAt = Math.max(now, status.keptUntilAt ?? 0)
  const keepResults = keptUntilAt > now
  if (!view.summary) await addToTree(redis, view.record)
  // Before the data goes: it is what the status is made of.
  const summary = JSON.stringify(status)
  await evenWhenFull(redis, 'HSET', k.record, 'summary', summary)
  await removeJobData(redis, jobId, { keepResults })
  const pipeline = redis.pipeline()
  pipeline.zadd(clusterKeys.pastJobs, status.createdAt, jobId)
  pipeline.hset(clusterKeys.summaries, jobId, summary)
  if (keepResults) pipeline.zadd(clusterKeys.keptJobs, keptUntilAt, jobId)
  else pipeline.zrem(clusterKeys.keptJobs, jobId)
  const { place, children } = clusterKeys
  for (const key of [k.record, place(jobId), children(jobId), k.counts, k.records, k.failures, k.lines]) {
    pipeline.pexpireat(key, keptUntilAt + recordRetentionMs)
  }
  pipeline.srem(clusterKeys.liveJobs, jobId)
  await execute(pipeline)
}

/** Node time is counted per tree (P3), also that of jobs which are no longer looked at. */
async function addToTree(redis: Redis, { id, treeId, nodeMs }: JobRecord): Promise<void> {
  const { record } = jobKeys(treeId)
  if (treeId !== id && (await redis.exists(record)) === 1) await redis.hincrby(record, 'nodeMsBelow', nodeMs)
}

/** Removes the results whose retention has ended, and all else but the record. Returns the ids of those jobs. */
export async function dropExpiredResults(redis: Redis, now = Date.now()): Promise<JobId[]> {
  const due = await redis.zrangebyscore(clusterKeys.keptJobs, '-inf', now, 'LIMIT', 0, 100)
  for (const jobId of due) {
    const { counts, records, failures, lines } = jobKeys(jobId)
    await removeJobData(redis, jobId)
    await redis.unlink(counts, records, failures, lines)
    await redis.zrem(clusterKeys.keptJobs, jobId)
  }
  return due
}

/** Jobs whose results are kept, with what their users may read. */
export async function listKeptJobs(redis: Redis): Promise<{ id: JobId; functionDigest: string }[]> {
  const ids = await redis.zrange(clusterKeys.keptJobs, 0, '-1')
  const digests = await readField(redis, ids, 'functionDigest')
  return ids.flatMap((id, place) => {
    const functionDigest = digests[place]
    return functionDigest ? [{ id, functionDigest }] : []
  })
}

const pageSize = 2_000

/** The newest `limit` past jobs that are wanted, the newest first. */
export async function listPastJobs(
  redis: Redis,
  { limit, wanted = () => true }: { limit: number; wanted?: (job: JobStatus) => boolean },
): Promise<JobStatus[]> {
  const jobs: JobStatus[] = []
  for (let from = 0; jobs.length < limit;) {
    const until = from + Math.min(pageSize, limit)
    const ids = await redis.zrange(clusterKeys.pastJobs, from, String(until - 1), 'REV')
    for (const text of ids.length > 0 ? await redis.hmget(clusterKeys.summaries, ...ids) : []) {
      const job = text === null ? undefined : (JSON.parse(text) as JobStatus)
      if (job && !isExpired(job) && wanted(job) && jobs.length < limit) jobs.push(job)
    }
    if (ids.length < until - from) break
    from = until
  }
  return jobs
}

/** Its record is gone, or is about to. */
function isExpired({ finishedAt, keptUntilAt }: JobStatus): boolean {
  return Math.max(finishedAt ?? 0, keptUntilAt ?? 0) + recordRetentionMs <= Date.now()
}

/** Takes the jobs off the list whose records have expired. */
export async function forgetExpiredJobs(redis: Redis): Promise<void> {
  for (let from = 0; ;) {
    const ids = await redis.zrange(clusterKeys.pastJobs, from, String(from + pageSize - 1))
    if (ids.length === 0) return
    const records = await readField(redis, ids, 'id')
    const gone = ids.filter((_, place) => !records[place])
    if (gone.length > 0) {
      await redis.zrem(clusterKeys.pastJobs, ...gone)
      await redis.hdel(clusterKeys.summaries, ...gone)
    }
    from += ids.length - gone.length
  }
}

/** The queue, the results, the claims, the user: all but the record, the counts and the history. */
export async function removeJobData(redis: Redis, jobId: JobId, { keepResults = false } = {}): Promise<void> {
  const k = jobKeys(jobId)
  const q = k.queue
  for (const list of [q.wait, q.active]) await unlinkBullJobs(redis, jobId, await redis.lrange(list, 0, -1))
  await unlinkBullJobs(redis, jobId, await redis.zrange(q.delayed, 0, '-1'))
  const pipeline = redis.pipeline()
  pipeline.unlink(k.done, k.running, k.places, k.attempts, k.losses, k.inputs, k.batches)
  pipeline.unlink(k.claims, k.client, q.wait, q.active, q.delayed, q.stalled, q.marker, q.meta, q.events, q.id)
  pipeline.unlink(`${q.jobs}stalled-check`, `${q.jobs}completed`, `${q.jobs}failed`, `${q.jobs}pc`)
  if (!keepResults) {
    pipeline.unlink(k.results, k.values)
    pipeline.call('ACL', 'DELUSER', jobUser(jobId))
  }
  await execute(pipeline)
}

async function unlinkBullJobs(redis: Redis, jobId: JobId, bullIds: string[]): Promise<void> {
  const { queue } = jobKeys(jobId)
  for (let from = 0; from < bullIds.length; from += 500) {
    const keys = bullIds.slice(from, from + 500).flatMap((id) => [queue.job(id), `${queue.job(id)}:lock`])
    await redis.unlink(...keys)
  }
}

/** One field of the record of each job. */
async function readField(redis: Redis, jobIds: JobId[], field: string): Promise<(string | undefined)[]> {
  const pipeline = redis.pipeline()
  for (const jobId of jobIds) pipeline.hget(jobKeys(jobId).record, field)
  return (await execute(pipeline)).map((value) => (value as string | null) ?? undefined)
}

async function execute(pipeline: ReturnType<Redis['pipeline']>): Promise<unknown[]> {
  return ((await pipeline.exec()) ?? []).map(([error, value]) => {
    if (error) throw error
    return value
  })
}
