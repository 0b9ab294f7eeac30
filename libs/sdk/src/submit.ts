import type { MapOptions } from './options/index.ts'
import type { Inputs, MapFunction } from './job/job-call.ts'
import { submitJob } from './job/map-promise.ts'
import type { SubmittedJob } from './submitted/submitted-job.ts'

/**
 * Gives the cluster a job that outlives this program, and resolves when all inputs are stored there; an iterable, also
 * an asynchronous one, is drained. Every input is run, whatever becomes of the others. Collect the results with the
 * returned job or, from any program, later and as often as wanted, with `burla.job(id)`.
 *
 * Until it resolves the job belongs to this program, as one of `map` does: an exception in the iterable, an input that
 * cannot travel, `signal`, Ctrl-C or the end of the program cancel it, with that reason. After that `signal` has no
 * effect any more; `job.cancel()` has. No inputs give a job that is completed at once.
 *
 * Limits: 1 GiB of inputs, each counted with 256 bytes beside its encoded value, else it rejects with `INPUT_TOO_BIG`;
 * 1 GiB of results, else the job ends as `failed`, and the results so far stay readable with `job.stream()`. They are
 * kept until `retentionMs` after the end.
 *
 * @throws BurlaError `NOT_SUPPORTED`, at once, where there is only an embedded cluster, which is gone with the program:
 * start one with `burla dashboard`; and what `map` throws when a job cannot be made
 * @example
 * const job = await burla.submit((n) => n * n, [1, 2, 3])
 * console.log(job.id) // squares-8f3kq2mz9w or the like; elsewhere: await burla.job(id).results()
 */
export function submit<I, R>(
  fn: MapFunction<I, R>,
  inputs: Inputs<I>,
  options?: MapOptions,
): Promise<SubmittedJob<Awaited<R>>> {
  return submitJob({ verb: 'submit', fn, inputs, options, calledBy: submit })
}
