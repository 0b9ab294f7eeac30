import { BurlaError, isFinished, isJobId, type JobId, type JobStatus } from '@burla/protocol'
import { openExistingCluster, type ClusterChoice } from '../clusters/which-cluster.ts'
import type { Cluster } from '../clusters/cluster.ts'
import { captureCallSite } from '../job/call-site.ts'
import { createOrdering } from '../job/ordering.ts'
import type { Outcome } from '../job/outcomes.ts'
import { followOutcomes } from './following.ts'

export interface WaitOptions {
  /** Ends the waiting, with the signal's `reason`, when it is aborted. The job goes on. */
  signal?: AbortSignal | undefined
  /**
   * The progress line on stderr: `true` also prints plain lines where there is no terminal, `false` prints none.
   * @default on a terminal only
   */
  progress?: boolean | undefined
}

const endWithinMs = 30_000
const lookEveryMs = 100

/**
 * A job of the cluster, as any program sees it: the one that submitted it, and any other, then or later.
 *
 * Every method may be called any number of times, before and after the job's end and from several programs at the same
 * time; reading takes nothing away. Results are kept until `retentionMs` after the end (`status().keptUntilAt`); after
 * that reading rejects with a `BurlaError` `RESULTS_EXPIRED` that says until when they were kept. What the job prints
 * while a program reads appears in its terminal. A job of `burla.map` and its like has a status and can be cancelled,
 * but its results go to the program that started it (`JOB_ATTACHED`).
 */
export class SubmittedJob<R = unknown> {
  readonly id: JobId
  readonly #choice: ClusterChoice

  /** @internal `burla.job(id)` makes it */
  constructor(id: JobId, choice: ClusterChoice) {
    this.id = id
    this.#choice = choice
  }

  /**
   * What the function returned, in the order of the inputs, when all inputs have a result.
   *
   * Rejects with the failure of the lowest index, as it was thrown there, as soon as it is certain which that is; the job
   * goes on. Rejects with `JOB_FAILED` or a `CancelledError`, and the reason, when the job was ended early.
   *
   * @example
   * const results = await burla.job('squares-8f3kq2mz9w').results()
   */
  async results(options: WaitOptions = {}): Promise<R[]> {
    const values = createOrdering<R>()
    let lowest: Extract<Outcome<R>, { status: 'rejected' }> | undefined
    for await (const outcomes of this.#follow(options, this.results)) {
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') values.put(outcome.index, outcome.value)
        else if (!lowest || outcome.index < lowest.index) lowest = outcome
      }
      if (lowest && values.gapless >= lowest.index) break
    }
    if (lowest) throw lowest.reason
    return values.all()
  }

  /**
   * One outcome for each input, in the order of the inputs, when all have one: as `burla.settle` gives them. Never rejects
   * because an input failed; rejects with `JOB_FAILED` or a `CancelledError`, and the reason, when the job was ended early.
   */
  async settled(options: WaitOptions = {}): Promise<Outcome<R>[]> {
    const all = createOrdering<Outcome<R>>()
    for await (const outcomes of this.#follow(options, this.settled)) {
      for (const outcome of outcomes) all.put(outcome.index, outcome)
    }
    return all.all()
  }

  /**
   * Outcomes in the order in which they finished: those that are there already, then each as it comes. Never more than
   * some MiB of them are in memory. When the job was ended early it throws why, after all the outcomes that there are.
   * Leaving the loop leaves the job alone.
   *
   * @example
   * for await (const { index, status } of burla.job('squares-8f3kq2mz9w').stream()) console.log(index, status)
   */
  stream(options: WaitOptions = {}): AsyncIterableIterator<Outcome<R>> {
    return oneByOne(this.#follow(options, this.stream))
  }

  /** How it is now; the counts of a running job are a moment old. Of a finished job: as it was at its end. */
  async status(): Promise<JobStatus> {
    return (await this.#openCluster()).readJob(this.id)
  }

  /**
   * Ends the job: nothing of it is started any more, and its running calls are killed. Resolves when that is done, within
   * about two seconds (fifteen where a node has just been lost); at once when it had ended before. Results so far stay.
   */
  async cancel(): Promise<void> {
    const cluster = await this.#openCluster()
    await cluster.cancelJob(this.id, { outcome: 'cancelled', reason: 'it was cancelled with job.cancel()' })
    for (const giveUpAt = Date.now() + endWithinMs; ;) {
      const { state } = await cluster.readJob(this.id)
      if (isFinished(state)) return
      if (Date.now() > giveUpAt) throw stillThere(this.id)
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
    }
  }

  #follow({ signal, progress }: WaitOptions, calledBy: (...args: never[]) => unknown) {
    const callSite = captureCallSite(calledBy)
    return followOutcomes<R>(this.id, { openCluster: () => this.#openCluster(), callSite, signal, progress })
  }

  async #openCluster(): Promise<Cluster> {
    const cluster = await openExistingCluster(this.#choice)
    if (cluster) return cluster
    throw new BurlaError(
      'JOB_UNKNOWN',
      `there is no job ${this.id} here: no cluster is up on this machine and BURLA_CLUSTER_URL is not set`,
    )
  }
}

async function* oneByOne<T>(batches: AsyncIterable<T[]>): AsyncGenerator<T> {
  for await (const batch of batches) yield* batch
}

/** @throws BurlaError JOB_UNKNOWN when no job can have this id */
export function requireJobId(id: unknown): JobId {
  if (typeof id === 'string' && isJobId(id)) return id
  throw new BurlaError(
    'JOB_UNKNOWN',
    `${typeof id === 'string' ? `"${id}"` : `a ${typeof id}`} is not the id of a job; ids look like word-count-8f3kq2mz9w, and burla.jobs() lists those there are`,
  )
}

function stillThere(id: JobId): BurlaError {
  return new BurlaError(
    'CLUSTER_UNREACHABLE',
    `job ${id} is being cancelled since ${endWithinMs / 1000} s and a node has not let go of it; burla.nodes() shows which`,
  )
}
