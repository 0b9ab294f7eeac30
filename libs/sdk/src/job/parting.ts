/** How a job and its cluster part. */
import { BurlaError, type JobId } from '@burla/protocol'

export function clusterClosed(jobId: JobId): BurlaError {
  return new BurlaError('JOB_FAILED', `the cluster of job ${jobId} was stopped while the job was running`)
}

/** The cluster is gone, or has removed the job. */
export function isExpectedAtParting(error: unknown): boolean {
  return error instanceof BurlaError && (error.code === 'CLUSTER_UNREACHABLE' || error.code === 'JOB_UNKNOWN')
}

/** Until the reply is called; at once where it is aborted already. */
export function whenAborted(signal: AbortSignal, act: () => void): () => void {
  if (signal.aborted) act()
  signal.addEventListener('abort', act, { once: true })
  return () => signal.removeEventListener('abort', act)
}

/** Resolves with `promise`, or after `ms` without it. */
export async function within(ms: number, promise: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([promise, new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))])
  clearTimeout(timer)
}
