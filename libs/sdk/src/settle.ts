import type { MapOptions } from './options/index.ts'
import type { Inputs, MapFunction } from './job/job-call.ts'
import { startJob, type MapPromise } from './job/map-promise.ts'
import { createOrdering } from './job/ordering.ts'
import type { Outcome } from './job/outcomes.ts'

/**
 * Like `map`, but runs every input, whatever becomes of the others, and resolves with one outcome for each, in the order
 * of the inputs. `attempts` counts the tries that the function's own code ended; `durationMs` is the last one's time in `fn`.
 *
 * Rejects only for what ends the job as a whole: a cancel, an exception in the iterable of the inputs, an input that
 * cannot travel, a lost cluster.
 *
 * @example
 * const settled = await burla.settle((text) => JSON.parse(text), ['1', '{'])
 * settled[1].status // 'rejected', with the SyntaxError as its reason
 */
export function settle<I, R>(
  fn: MapFunction<I, R>,
  inputs: Inputs<I>,
  options?: MapOptions,
): MapPromise<Outcome<Awaited<R>>[]> {
  return startJob({ verb: 'settle', fn, inputs, options, calledBy: settle }, async (job) => {
    const outcomes = createOrdering<Outcome<Awaited<R>>>()
    for (let results = await job.next(); results.length > 0; results = await job.next()) {
      for (const result of results) {
        const outcome = job.take<Awaited<R>>(result)
        if (outcome) outcomes.put(outcome.index, outcome)
      }
    }
    return outcomes.all()
  })
}
