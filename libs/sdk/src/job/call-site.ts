/** Where the caller's program called `burla.map`: errors point there. */
import { BurlaError, CancelledError, withCallSite, type JobId } from '@burla/protocol'

export interface CallSite {
  /** starts at the caller's line */
  readonly stack: string
}

/** `calledBy` is the public function: what is above it is the caller's. */
export function captureCallSite(calledBy: (...args: never[]) => unknown): CallSite {
  const site = { stack: '' }
  Error.captureStackTrace(site, calledBy)
  return site
}

/** What Burla itself says points at the caller's line instead of into Burla; any other error is left as it is. */
export function fromCallSite(error: unknown, callSite: CallSite): unknown {
  if (!(error instanceof BurlaError)) return error
  error.stack = `${error.name}: ${error.message}`
  return withCallSite(error, callSite.stack)
}

export function cancelledError(jobId: JobId, by: string, cause?: unknown): CancelledError {
  return new CancelledError(
    'JOB_CANCELLED',
    `job ${jobId} was cancelled by ${by}`,
    cause === undefined ? {} : { cause },
  )
}
