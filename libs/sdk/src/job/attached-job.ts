/**
 * One job, from the call to its last result, attached to this program:
 *
 *   feeding (no cluster yet) -> made on the cluster -> fed and read -> ended -> cleaned up
 *
 * 1. Without an input there is no job: no cluster is started or asked.
 * 2. It ends once, and the first ending wins: `completed` when every input was pulled and every result taken, else with
 *    the error that the caller gets: an input's failure, what the caller's iterable threw, a cancel, a lost cluster.
 * 3. Ending is immediate for the caller. Telling the cluster comes after, keeps the program alive for seconds at most,
 *    and may fail: a cluster that hears no more of a client ends its job by itself (P10).
 */
import { CancelledError, BurlaError, decodeLines, type JobId, type ResultEntry } from '@burla/protocol'
import type { JobConnection } from '@burla/queue'
import { openCluster } from '../clusters/which-cluster.ts'
import type { Cluster } from '../clusters/cluster.ts'
import { cancelOnInterrupt, type Interruptible } from '../interrupt.ts'
import { programDisplay } from '../terminal/display.ts'
import { createJobProgress, type JobProgress } from '../terminal/job-progress.ts'
import { printLines } from '../terminal/printing.ts'
import { cancelledError, fromCallSite } from './call-site.ts'
import { startFeeding, type Feeding } from './feeding.ts'
import { encodeInput, type JobCall } from './job-call.ts'
import { decodeOutcome, describeThrown, type Outcome } from './outcomes.ts'
import { createPacing } from './pacing.ts'
import { clusterClosed, isExpectedAtParting, whenAborted, within } from './parting.ts'
import { createWindow } from './windows.ts'

export type ResultOfInput = Extract<ResultEntry, { header: { type: 'result' } }>

type Ending =
  | { outcome: 'completed' }
  /** `reason` is for the job's record; `quietly`: nobody is told, the program is about to end */
  | { outcome: 'failed' | 'cancelled'; error: unknown; reason: string; quietly?: boolean }

interface Attachment {
  cluster: Cluster
  connection: JobConnection
}

const lookEveryMs = 500
const endOfCall = 'the end of the call in which it was started'
const announcedWithinMs = 1_000

export class AttachedJob<I> implements Interruptible {
  readonly id: JobId
  readonly #call: JobCall<I>
  readonly #feeding: Feeding
  readonly #progress: JobProgress
  readonly #pacing = createPacing()
  readonly #reading = new AbortController()
  /** also keeps the program alive while the job runs */
  readonly #looking: NodeJS.Timeout
  readonly #detach: (() => void)[] = []
  /** Ctrl-C and `burla.close()` wait for the clean-up, too */
  readonly #unregister: () => void
  #attached: Promise<Attachment | undefined> | undefined
  #entries: AsyncGenerator<ResultEntry[]> | undefined
  #ending: Ending | undefined
  #lookUnderWay = false
  #cleanedUp: Promise<void> | undefined
  /** ends this program's heartbeat for the job */
  #letGo: () => void = () => undefined
  /** whoever waits for `next()` */
  #waiter: { resolve: (results: ResultOfInput[]) => void; reject: (error: unknown) => void } | undefined

  constructor(id: JobId, call: JobCall<I>) {
    this.id = id
    this.#call = call
    this.#progress = createJobProgress({ jobId: id, ...call.options, display: programDisplay() })
    this.#looking = setInterval(() => void this.#look(), lookEveryMs)
    this.#unregister = cancelOnInterrupt(this)
    this.#feeding = startFeeding({
      source: call.source,
      window: createWindow(),
      batch: call.options.batch,
      encode: encodeInput,
      onEnd: () => queueMicrotask(() => this.#completeIfAllTaken()),
      onFailure: (error) => this.fail(this.#fromHere(error)),
    })
    this.#followSignal(call.options.signal)
    const { over } = call.within ?? {}
    if (over) this.#detach.push(whenAborted(over, () => this.cancel(endOfCall, { quietly: true })))
  }

  /** Settles as `promise`, which is one of this job: the call in which it was started, if any, waits until then. */
  waitFor<T>(promise: Promise<T>): Promise<T> {
    return this.#call.within?.waitFor(promise) ?? promise
  }

  /** The next results, as they finish; none when every input has had its result. Rejects when the job has ended early. */
  next(): Promise<ResultOfInput[]> {
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject }
      if (this.#ending) this.#tell(this.#ending)
      else this.#read().catch((error: unknown) => this.fail(this.#fromHere(error)))
    })
  }

  /** Takes a result out of the window: its input is done. None when the input had a result before (P1). */
  take<R>({ header, payload }: ResultOfInput): Outcome<R> | undefined {
    if (!this.#feeding.taken(header.index, header.durationMs)) return undefined
    this.#progress.count(header.status)
    try {
      const { callSite, ownErrors } = this.#call
      return decodeOutcome<R>(header, payload, callSite, ownErrors)
    } catch (error) {
      this.fail(error)
      throw error
    }
  }

  /** The job cannot go on; the caller gets this very error. */
  fail(error: unknown, reason = describeThrown(error)): void {
    if (error instanceof BurlaError && error.code === 'JOB_CANCELLED') {
      const cancelled = new CancelledError('JOB_CANCELLED', error.message)
      this.#end({ outcome: 'cancelled', error: this.#fromHere(cancelled), reason })
    } else {
      this.#end({ outcome: 'failed', error, reason })
    }
  }

  cancel(by: string, { cause, quietly = false }: { cause?: unknown; quietly?: boolean } = {}): void {
    const reason = `it was cancelled by ${by}`
    const error = this.#fromHere(cancelledError(this.id, by, cause))
    this.#end({ outcome: 'cancelled', error, reason, quietly })
  }

  /** The caller has left the loop over the results. Resolves when the iterable of the inputs has cleaned up. */
  async leave(): Promise<void> {
    this.cancel('leaving the loop over its results')
    await this.#feeding.stop()
  }

  async interrupt(quietly: boolean): Promise<void> {
    this.cancel(quietly ? 'Ctrl-C' : 'its program', { quietly })
    await this.#cleanedUp
  }

  async #read(): Promise<void> {
    const attachment = await (this.#attached ??= this.#attach())
    if (this.#ending) return
    if (!attachment) return this.#end({ outcome: 'completed' })
    this.#entries ??= attachment.connection.results(this.#reading.signal)
    for (;;) {
      this.#completeIfAllTaken()
      if (this.#ending) return
      await this.#pacing.turn()
      const { done, value } = await this.#entries.next()
      if (this.#ending) return
      this.#pacing.came()
      if (done)
        throw new BurlaError('INTERNAL', `job ${this.id} ended without a result for each input; please report this`)
      const results = this.#sort(value)
      if (results.length > 0) return this.#waiter?.resolve(results)
    }
  }

  async #attach(): Promise<Attachment | undefined> {
    if (!(await this.#feeding.any) || this.#ending) return undefined
    // Loaded while the cluster starts, and not at all by a program without jobs.
    const [cluster, { openJob }] = await Promise.all([
      openCluster(this.#call.cluster, this.#call.options.call),
      import('@burla/queue'),
    ])
    if (this.#ending) return undefined
    this.#detach.push(cluster.onEnded((reason) => this.fail(this.#fromHere(reason ?? clusterClosed(this.id)))))
    const { fn, options, within } = this.#call
    const known = this.#feeding.known
    const { name, call, packages, clientGraceMs, retentionMs } = options
    const asked = { id: this.id, name, functionDigest: fn.digest, known, call, packages, clientGraceMs, retentionMs }
    const spec = { ...asked, ...(within && { parent: within.parent }) }
    const credentials = await cluster.createJob({ kind: 'attached', ...spec }, this.#call)
    this.#letGo = cluster.hold(spec, (reason) => this.fail(this.#fromHere(reason)))
    const connection = openJob(credentials)
    if (!this.#ending) this.#feeding.connect(connection, known)
    return { cluster, connection }
  }

  /** Prints the lines, which are ahead of the result of the call that printed them; what is left are results. */
  #sort(entries: ResultEntry[]): ResultOfInput[] {
    const tagged = !(this.#feeding.ended && this.#feeding.known === 1)
    return entries.filter((entry): entry is ResultOfInput => {
      if (entry.header.type === 'lines') printLines(programDisplay(), decodeLines(entry.payload), { tagged })
      return entry.header.type === 'result'
    })
  }

  #completeIfAllTaken(): void {
    if (this.#feeding.complete && this.#attached) this.#end({ outcome: 'completed' })
  }

  #end(ending: Ending): void {
    if (this.#ending) return
    this.#ending = ending
    clearInterval(this.#looking)
    for (const detach of this.#detach) detach()
    this.#progress.end(ending.outcome, this.#feeding)
    this.#tell(ending)
    this.#reading.abort()
    this.#cleanedUp = this.#cleanUp(ending).finally(this.#unregister)
  }

  #tell(ending: Ending): void {
    if (ending.outcome === 'completed') this.#waiter?.resolve([])
    else if (!ending.quietly) this.#waiter?.reject(ending.error)
  }

  async #cleanUp(ending: Ending): Promise<void> {
    try {
      if (ending.outcome === 'completed') await within(announcedWithinMs, this.#feeding.announced())
      else this.#feeding.stop().catch(() => undefined) // the caller gets the error of the ending instead
      const attachment = await this.#attached?.catch(() => undefined) // `next()` tells of the error
      if (!attachment) return
      const { cluster, connection } = attachment
      const closed = connection.close()
      const { outcome } = ending
      if (outcome !== 'completed') await cluster.cancelJob(this.id, { outcome, reason: ending.reason })
      await closed
      await cluster.forgetJob(this.id)
    } catch (error) {
      // What the cluster was not told it finds out by itself (invariant 3); the caller has the outcome already.
      if (!isExpectedAtParting(error)) process.emitWarning(error as Error)
    } finally {
      this.#letGo()
    }
  }

  async #look(): Promise<void> {
    if (this.#lookUnderWay) return
    this.#lookUnderWay = true
    const attachment = await this.#attached?.catch(() => undefined) // `next()` tells of the error
    const status = await attachment?.connection.status().catch(() => undefined) // and of a lost Redis there is no news
    this.#lookUnderWay = false
    if (this.#ending) return
    if (status) this.#feeding.setSlots(status.slots)
    this.#progress.show(this.#feeding, status)
  }

  #fromHere(error: unknown): unknown {
    return fromCallSite(error, this.#call.callSite)
  }

  /** One that is aborted already was seen before there was a job. */
  #followSignal(signal: AbortSignal | undefined): void {
    if (!signal) return
    this.#detach.push(whenAborted(signal, () => this.cancel('its signal', { cause: signal.reason })))
  }
}
