/** `burla jobs cancel` */
import { BurlaError, type JobState, type JobStatus } from '@burla/protocol'
import type { ApiClient } from '../../clusters/api-client.ts'
import { withApi } from '../connect.ts'
import { print, type OutputOptions } from '../output/print.ts'
import { findJob, jobPath } from './find-job.ts'

/** Cancels all that can be; then throws for the first that could not. */
export async function cancelJobs(ids: string[], output: OutputOptions): Promise<void> {
  await withApi(async (api) => {
    const answers = await Promise.allSettled(ids.map((id) => cancelJob(api, id)))
    const cancelled = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
    const lines = () => cancelled.map(({ id, state }) => `${id} is ${state}\n`).join('')
    if (cancelled.length > 0) print({ jobs: cancelled }, output, lines)
    const refused = answers.find((answer) => answer.status === 'rejected')
    if (refused) throw refused.reason as Error
  })
}

async function cancelJob(api: ApiClient, id: string): Promise<JobStatus> {
  const { state } = await findJob(api, id)
  if (state === 'completed' || state === 'failed') throw conflict(id, state)
  await api.request('POST', `${jobPath(id)}/cancel`, { body: { outcome: 'cancelled', reason: 'burla jobs cancel' } })
  const job = await findJob(api, id)
  // It was faster than we were.
  if (job.state === 'completed' || job.state === 'failed') throw conflict(id, job.state)
  return job
}

function conflict(id: string, state: JobState): BurlaError {
  return new BurlaError('JOB_CONFLICT', `the job ${id} has ${state} already: there is nothing to cancel`)
}
