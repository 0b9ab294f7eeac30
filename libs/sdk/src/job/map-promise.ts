/** The promise of `map` and `settle`: of what the job gives, and a handle on the job. */
import { newJobId, type JobId } from '@burla/protocol'
import { AttachedJob } from './attached-job.ts'
import { cancelledError, captureCallSite, fromCallSite } from './call-site.ts'
import { captureCall, type CallRequest, type JobCall } from './job-call.ts'
import { Submission } from './submission.ts'
import { SubmittedJob } from '../submitted/submitted-job.ts'

export interface MapPromise<T> extends Promise<T> {
  readonly jobId: JobId
  /** Ends the job; its calls die within two seconds. The promise rejects with a `CancelledError`, if it is not settled. */
  cancel(): void
}

export function startJob<I, R, T>(
  request: CallRequest<I, R>,
  collect: (job: AttachedJob<unknown>) => Promise<T>,
): MapPromise<T> {
  const start = captureJob(request)
  let job: AttachedJob<unknown> | undefined
  // Runs up to its first wait during the call: inputs at hand are taken before `map` returns.
  const result = (async () => {
    const opened = (job = start.open())
    return opened.waitFor(collect(opened))
  })()
  return Object.assign(result, { jobId: start.jobId, cancel: () => job?.cancel('its program') })
}

/** Like `startJob`, for a job that is given to the cluster for good. */
export async function submitJob<I, R>(request: CallRequest<I, R>): Promise<SubmittedJob<Awaited<R>>> {
  const { jobId, check } = captureJob(request)
  // During the call: inputs at hand are taken before `submit` returns.
  const call = check()
  await new Submission(jobId, call).stored
  return new SubmittedJob(jobId, call.cluster)
}

/** Captures the function and the options now (P5), and opens the job when asked. What is wrong with them is thrown then. */
export function captureJob<I, R>(request: CallRequest<I, R>) {
  const { fn, options, calledBy } = request
  const callSite = captureCallSite(calledBy)
  const jobId = newJobId(String(options?.name ?? fn?.name ?? ''))
  const captured = orError(() => captureCall(request, callSite))
  const check = (): JobCall<unknown> => {
    if ('error' in captured) throw fromCallSite(captured.error, callSite)
    const { signal } = captured.value.options
    if (signal?.aborted) throw fromCallSite(cancelledError(jobId, 'its signal', signal.reason), callSite)
    return captured.value
  }
  return { jobId, check, open: () => new AttachedJob(jobId, check()) }
}

function orError<T>(action: () => T): { value: T } | { error: unknown } {
  try {
    return { value: action() }
  } catch (error) {
    return { error }
  }
}
