import type { MapOptions } from './options/index.ts'
import type { Inputs, MapFunction } from './job/job-call.ts'
import { startJob, type MapPromise } from './job/map-promise.ts'
import { createOrdering } from './job/ordering.ts'
import { takeValue } from './job/taking.ts'

/**
 * Runs `fn(input, index)` for every input on the cluster and resolves with what it returned, in the order of the inputs.
 *
 * Rejects at once with the first failure in time, as it was thrown there: same class name, message, own properties and
 * cause, with `inputIndex`. Then, and after `cancel()`, an aborted `signal` or Ctrl-C, the job's other calls die within
 * two seconds. An exception in the iterable of the inputs rejects with that very error. No inputs give `[]` without a
 * cluster. An input is run at least once, and again only when it failed with `retries` left or its machine was lost.
 *
 * @param fn captured, with what it closes over, during the call
 * @param inputs pulled as there is room for them; the elements of an array are taken during the call, up to 10,000 or 64 MiB
 * @throws BurlaError, with a `code`, when Burla itself cannot go on: an invalid option, a function or input that cannot
 * travel, a cluster that cannot be reached; `CancelledError`, `TimeoutError`, `ExitError`, `OutOfMemoryError`, `InputLostError`
 * @example
 * const squares = await burla.map((n) => n * n, [1, 2, 3]) // [1, 4, 9]
 */
export function map<I, R>(fn: MapFunction<I, R>, inputs: Inputs<I>, options?: MapOptions): MapPromise<Awaited<R>[]> {
  return startJob({ verb: 'map', fn, inputs, options, calledBy: map }, async (job) => {
    const values = createOrdering<Awaited<R>>()
    for (let results = await job.next(); results.length > 0; results = await job.next()) {
      for (const result of results) {
        const taken = takeValue<Awaited<R>>(job, result)
        if (taken) values.put(taken.index, taken.value)
      }
    }
    return values.all()
  })
}
