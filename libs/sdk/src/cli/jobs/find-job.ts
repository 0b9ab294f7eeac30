import { BurlaError, type JobStatus } from '@burla/protocol'
import type { ApiClient } from '../../clusters/api-client.ts'

export function jobPath(id: string): string {
  return `/v1/jobs/${encodeURIComponent(id)}`
}

/** @throws BurlaError `JOB_UNKNOWN`, in the words of the command line */
export async function findJob(api: ApiClient, id: string): Promise<JobStatus> {
  try {
    return (await api.request('GET', jobPath(id))) as JobStatus
  } catch (cause) {
    if (!(cause instanceof BurlaError && cause.code === 'JOB_UNKNOWN')) throw cause
    const sentence = `there is no job ${id} on this cluster; \`burla jobs list\` shows those there are`
    throw new BurlaError('JOB_UNKNOWN', sentence, { cause })
  }
}
