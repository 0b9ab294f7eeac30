/**
 * A job on its way to the cluster, until it needs this program no more:
 *
 *   feeding -> made on the cluster -> fed -> all inputs stored -> left alone
 *
 * Until the last step it is held like an attached job: whatever ends the submission (an exception in the caller's
 * iterable, an input that cannot travel, a signal, Ctrl-C, the end of this program) cancels the job, with that reason.
 * The first ending wins. The caller hears of it at once; the cluster is told after that, within seconds.
 */
import { BurlaError, CancelledError, keptInputBytes, type JobId, type JobState } from '@burla/protocol'
import type { JobConnection } from '@burla/queue'
import type { Cluster } from '../clusters/cluster.ts'
import { openLastingCluster } from '../clusters/which-cluster.ts'
import { cancelOnInterrupt, type Interruptible } from '../interrupt.ts'
import { cancelledError, fromCallSite } from './call-site.ts'
import { startFeeding, type Feeding } from './feeding.ts'
import { encodeInput, type JobCall } from './job-call.ts'
import { describeThrown } from './outcomes.ts'
import { createWindow } from './windows.ts'

const lookEveryMs = 500
/** What an input costs beside its value, so that endless tiny ones are too many at some time, too. */
const inputCostBytes = 256

type Ending =
  | { type: 'stored' }
  /** `quietly`: nobody is told, the program is about to end */
  | { type: 'ended'; outcome: 'failed' | 'cancelled'; error: unknown; reason: string; quietly?: boolean }

interface Attachment {
  cluster: Cluster
  connection: JobConnection
}

export class Submission<I> implements Interruptible {
  /** Resolves when the cluster has all inputs; rejects when the job was ended before. */
  readonly stored: Promise<void>
  readonly #id: JobId
  readonly #call: JobCall<I>
  readonly #feeding: Feeding
  readonly #over = new AbortController()
  readonly #unregister: () => void
  #attached: Promise<Attachment | undefined>
  #settle: (ending: Ending) => void = () => undefined
  #ended = false
  #cleanedUp: Promise<void> | undefined
  /** ends this program's heartbeat for the job */
  #letGo: () => void = () => undefined

  constructor(id: JobId, call: JobCall<I>) {
    this.#id = id
    this.#call = call
    this.stored = new Promise((resolve, reject) => {
      this.#settle = (ending) => {
        if (ending.type === 'stored') resolve()
        else if (!ending.quietly) reject(fromCallSite(ending.error, call.callSite))
      }
    })
    this.#unregister = cancelOnInterrupt(this)
    let bytes = 0
    this.#feeding = startFeeding({
      source: call.source,
      window: createWindow(),
      until: 'stored',
      batch: call.options.batch,
      encode(input, index) {
        const encoded = encodeInput(input, index)
        bytes += encoded.length + inputCostBytes
        if (bytes > keptInputBytes) throw tooManyInputs(index)
        return encoded
      },
      onEnd: () => undefined,
      onFailure: (error) => this.#fail(error),
    })
    this.#followSignal(call.options.signal)
    this.#attached = this.#attach()
    this.#attached.catch((error: unknown) => this.#fail(error))
  }

  async interrupt(quietly: boolean): Promise<void> {
    this.#cancel(quietly ? 'Ctrl-C' : 'its program', { quietly })
    await this.#cleanedUp
  }

  async #attach(): Promise<Attachment | undefined> {
    const [cluster, { openJob }] = await Promise.all([
      openLastingCluster(this.#call.cluster, 'burla.submit'),
      import('@burla/queue'),
    ])
    if (this.#ended) return undefined
    const { fn, options } = this.#call
    const { name, call, packages, clientGraceMs, retentionMs } = options
    const { known } = this.#feeding
    const spec = { id: this.#id, name, functionDigest: fn.digest, known, call, packages, clientGraceMs, retentionMs }
    const credentials = await cluster.createJob({ kind: 'submitted', ...spec }, this.#call)
    this.#letGo = cluster.hold(spec, (reason) => this.#fail(reason))
    const connection = openJob(credentials)
    if (!this.#ended) this.#feed(connection, known)
    return { cluster, connection }
  }

  #feed(connection: JobConnection, known: number): void {
    this.#feeding.connect(
      {
        push: (inputs, listSize) => connection.push(inputs, listSize),
        announce: async (inputs) => {
          const state = await connection.announce(inputs)
          if (inputs.ended && isAlive(state)) this.#end({ type: 'stored' })
        },
      },
      known,
    )
    const looking = setInterval(() => void this.#look(connection), lookEveryMs)
    this.#over.signal.addEventListener('abort', () => clearInterval(looking))
    this.#measure(connection).catch(() => undefined) // only for the size of lists: without, they are small
  }

  /** How long the first calls take says how many inputs share a place in the queue. */
  async #measure(connection: JobConnection): Promise<void> {
    for await (const { entries } of connection.keptResults(this.#over.signal)) {
      for (const { header } of entries) {
        if (header.type === 'result') this.#feeding.measured(header.durationMs)
      }
      if (this.#feeding.measuredEnough) return
    }
  }

  /** Somebody else may have ended the job. Of a Redis that is away there is no news. */
  async #look(connection: JobConnection): Promise<void> {
    const status = await connection.status().catch(() => undefined)
    if (!status || isAlive(status.state)) return
    const reason = status.reason ?? 'no reason was given'
    const cancelled = new CancelledError('JOB_CANCELLED', `job ${this.#id} was cancelled: ${reason}`)
    const failed = new BurlaError('JOB_FAILED', `job ${this.#id} failed: ${reason}`)
    const error = status.state === 'failed' ? failed : cancelled
    this.#end({ type: 'ended', outcome: 'cancelled', error, reason })
  }

  #fail(error: unknown): void {
    const reason = `not all its inputs were stored: ${describeThrown(error)}`
    this.#end({ type: 'ended', outcome: 'failed', error, reason })
  }

  #cancel(by: string, { cause, quietly = false }: { cause?: unknown; quietly?: boolean }): void {
    const reason = `it was cancelled by ${by} before all its inputs were stored`
    this.#end({ type: 'ended', outcome: 'cancelled', error: cancelledError(this.#id, by, cause), reason, quietly })
  }

  #end(ending: Ending): void {
    if (this.#ended) return
    this.#ended = true
    this.#over.abort()
    this.#settle(ending)
    this.#cleanedUp = this.#cleanUp(ending).finally(this.#unregister)
  }

  async #cleanUp(ending: Ending): Promise<void> {
    this.#feeding.stop().catch(() => undefined) // the caller gets the error of the ending instead
    const attachment = await this.#attached.catch(() => undefined) // the caller has that error already
    if (!attachment) return
    const closed = attachment.connection.close()
    if (ending.type === 'ended') {
      const { outcome, reason } = ending
      // What the cluster is not told it finds out by itself: it misses the job's client.
      await attachment.cluster.cancelJob(this.#id, { outcome, reason }).catch(() => undefined)
    }
    this.#letGo()
    await closed
  }

  #followSignal(signal: AbortSignal | undefined): void {
    if (!signal) return
    const cancel = () => this.#cancel('its signal', { cause: signal.reason })
    signal.addEventListener('abort', cancel, { once: true, signal: this.#over.signal })
  }
}

function isAlive(state: JobState | 'gone'): boolean {
  return state === 'waiting' || state === 'running' || state === 'completed'
}

function tooManyInputs(index: number): BurlaError {
  const most = keptInputBytes / 2 ** 20
  return new BurlaError(
    'INPUT_TOO_BIG',
    `inputs[${index}]: with it the inputs of this job are over ${most} MiB, the most that can be submitted (each counts ` +
      `${inputCostBytes} bytes beside its value); put large ones into shared/ and pass their paths, or submit several jobs`,
    { inputIndex: index },
  )
}
