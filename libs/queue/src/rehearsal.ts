/**
 * A rehearsal: a job that nobody waits for, one for each node, on which its warm runners practise. A runner that has
 * connected, pulled, appended and completed once does it in a third of the time when it counts. Its user reaches the
 * rehearsal's own keys and nothing else, so a warm runner still holds no credentials of any job (P9).
 */
import type { Redis } from 'ioredis'
import { jobKeys, newJobId, type JobCredentials, type JobId, type RedisAddress } from '@burla/protocol'
import { jobCredentials, jobUserRules } from './job-user.ts'
import { removeJobData } from './past-jobs.ts'
import { retry } from './scripts.ts'

export async function makeRehearsal(redis: Redis, clusterKey: string, address: RedisAddress): Promise<JobCredentials> {
  const jobId = newJobId('rehearsal')
  const k = jobKeys(jobId)
  const pipeline = redis.pipeline()
  pipeline.call('ACL', 'SETUSER', ...jobUserRules(clusterKey, jobId, 'none'))
  pipeline.hset(k.record, { id: jobId, name: 'rehearsal', state: 'running' })
  pipeline.hset(k.queue.meta, 'opts.maxLenEvents', 0)
  for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error
  return jobCredentials(clusterKey, jobId, address)
}

/** Puts one input on it, after whatever an earlier rehearsal has left was cleared away. */
export async function setStage(redis: Redis, jobId: JobId, runnerId: string): Promise<void> {
  const k = jobKeys(jobId)
  await redis.unlink(k.results, k.done, k.counts, k.running, k.attempts, k.batches, k.queue.wait, k.queue.active)
  await retry(redis, jobId, { runnerId, index: 0, value: '', attempts: 1, delayMs: 0 })
}

export async function removeRehearsal(redis: Redis, jobId: JobId): Promise<void> {
  await removeJobData(redis, jobId)
  const { record, counts } = jobKeys(jobId)
  await redis.unlink(record, counts)
}
