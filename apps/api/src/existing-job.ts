import { BurlaError, isJobId, type JobStatus } from '@burla/protocol'
import { readJob, type Redis } from '@burla/queue'

/** @throws BurlaError `JOB_UNKNOWN` */
export async function existingJob(redis: Redis, id: string): Promise<JobStatus> {
  const job = isJobId(id) ? await readJob(redis, id) : undefined
  if (job === undefined) {
    throw new BurlaError('JOB_UNKNOWN', `there is no job ${id} on this cluster; GET /v1/jobs lists those there are`)
  }
  return job
}
