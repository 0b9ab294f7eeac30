/** Tells agents at once what they would find by looking around within a second. Anybody of the job may ring. */
import type { Redis } from 'ioredis'
import { jobKeys, type Bell, type JobId } from '@burla/protocol'

/** The job may want a node. */
export async function ringBell(redis: Redis, jobId: JobId): Promise<void> {
  const bell: Bell = { type: 'demand', jobId }
  await redis.publish(jobKeys(jobId).bell, JSON.stringify(bell))
}
