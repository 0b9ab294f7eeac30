import type { MapOptions } from './options/index.ts'
import type { AttachedJob, ResultOfInput } from './job/attached-job.ts'
import type { Inputs, MapFunction } from './job/job-call.ts'
import { captureJob } from './job/map-promise.ts'
import { takeValue } from './job/taking.ts'

export interface StreamedResult<R> {
  index: number
  value: R
}

/**
 * Like `map`, but gives each result as soon as it is there, in the order in which they finish.
 *
 * Inputs may be endless: never more than 10,000 of them, or 64 MiB, are under way, and none is pulled while the loop does
 * not take results. Starts with the loop, not with the call. Rejects with the first failure, as `map` does. Leaving the
 * loop cancels the job and closes the iterable of the inputs.
 *
 * @example
 * for await (const { index, value } of burla.stream((n) => n * n, [1, 2, 3])) console.log(index, value)
 */
export function stream<I, R>(
  fn: MapFunction<I, R>,
  inputs: Inputs<I>,
  options?: MapOptions,
): AsyncIterableIterator<StreamedResult<Awaited<R>>> {
  const captured = captureJob({ verb: 'stream', fn, inputs, options, calledBy: stream })
  return new ResultStream<Awaited<R>>(captured.open)
}

/** An iterator of its own and no async generator: `return()` must not wait for the result that `next()` waits for. */
class ResultStream<R> implements AsyncIterableIterator<StreamedResult<R>> {
  readonly #open: () => AttachedJob<unknown>
  #job: AttachedJob<unknown> | undefined
  #over = false
  #results: ResultOfInput[] = []
  #at = 0
  /** the step before: steps asked for at the same time are taken one after another */
  #last: Promise<unknown> = Promise.resolve()

  constructor(open: () => AttachedJob<unknown>) {
    this.#open = open
  }

  [Symbol.asyncIterator]() {
    return this
  }

  next(): Promise<IteratorResult<StreamedResult<R>, undefined>> {
    const step = this.#last.then(() => this.#step())
    this.#last = step.catch(() => undefined) // its own reader hears of it
    return step
  }

  async return(): Promise<IteratorResult<StreamedResult<R>, undefined>> {
    this.#over = true
    await this.#job?.leave()
    return { done: true, value: undefined }
  }

  async #step(): Promise<IteratorResult<StreamedResult<R>, undefined>> {
    try {
      while (!this.#over) {
        const job = (this.#job ??= this.#open())
        const result = await this.#nextResult(job)
        if (!result) break
        const taken = takeValue<R>(job, result)
        if (taken) return { done: false, value: taken }
      }
    } catch (error) {
      if (!this.#over) {
        this.#over = true
        throw error
      }
    }
    this.#over = true
    return { done: true, value: undefined }
  }

  async #nextResult(job: AttachedJob<unknown>): Promise<ResultOfInput | undefined> {
    if (this.#at === this.#results.length) {
      this.#results = await job.waitFor(job.next())
      this.#at = 0
    }
    return this.#results[this.#at++]
  }
}
