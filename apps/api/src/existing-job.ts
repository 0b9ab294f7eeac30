import { BurlaError, isJobId, type JobId, type JobStatus } from '@burla/protocol'
import { isBelow, readJob, type Redis } from '@burla/queue'

/**
 * The job, if whoever asks may know of it: of all jobs, or of those below the one whose function asks (P9).
 *
 * @throws BurlaError `JOB_UNKNOWN`, also for a job that is there but none of theirs
 */
export async function existingJob(redis: Redis, id: string, askingJob: JobId | null): Promise<JobStatus> {
  const job = isJobId(id) ? await readJob(redis, id) : undefined
  if (job !== undefined && (askingJob === null || (await isBelow(redis, id, askingJob)))) return job
  throw new BurlaError('JOB_UNKNOWN', `there is no job ${id} on this cluster; burla.jobs() lists those there are`)
}
