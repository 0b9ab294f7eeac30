/** `burla jobs cancel` */
import { BurlaError, type JobState, type JobStatus } from '@burla/protocol'
import type { Cluster } from '../../clusters/cluster.ts'
import { withCluster } from '../connect.ts'
import { print, type OutputOptions } from '../output/print.ts'
import { findJob } from './find-job.ts'

/** Cancels all that can be; then throws for the first that could not. */
export async function cancelJobs(ids: string[], output: OutputOptions): Promise<void> {
  await withCluster(async (cluster) => {
    const answers = await Promise.allSettled(ids.map((id) => cancelJob(cluster, id)))
    const cancelled = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
    const lines = () => cancelled.map(({ id, state }) => `${id} is ${state}\n`).join('')
    if (cancelled.length > 0) print({ jobs: cancelled }, output, lines)
    const refused = answers.find((answer) => answer.status === 'rejected')
    if (refused) throw refused.reason as Error
  })
}

async function cancelJob(cluster: Cluster, id: string): Promise<JobStatus> {
  const { state } = await findJob(cluster, id)
  if (state === 'completed' || state === 'failed') throw conflict(id, state)
  await cluster.cancelJob(id, { outcome: 'cancelled', reason: 'by `burla jobs cancel`' })
  const job = await findJob(cluster, id)
  // It was faster than we were.
  if (job.state === 'completed' || job.state === 'failed') throw conflict(id, job.state)
  return job
}

function conflict(id: string, state: JobState): BurlaError {
  return new BurlaError('JOB_CONFLICT', `the job ${id} has ${state} already: there is nothing to cancel`)
}
