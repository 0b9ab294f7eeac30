/** Taking results one by one where the first failed input ends the job: `map` and `stream`. */
import { describeThrown } from './outcomes.ts'
import type { AttachedJob, ResultOfInput } from './attached-job.ts'

/** None when the input had a result before. Throws what the function threw, and ends the job with it. */
export function takeValue<R>(
  job: AttachedJob<unknown>,
  result: ResultOfInput,
): { index: number; value: R } | undefined {
  const outcome = job.take<R>(result)
  if (outcome?.status !== 'rejected') return outcome && { index: outcome.index, value: outcome.value }
  job.fail(outcome.reason, `input ${outcome.index} failed: ${describeThrown(outcome.reason)}`)
  throw outcome.reason
}
