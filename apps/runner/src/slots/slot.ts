/**
 * One place in which calls run, one at a time. The place stays, the process inside changes:
 *
 *   empty -> warm -> set up <-> calling
 *     ^                           |
 *     +---------------------------+   exit, crash, timeout, kill, or an error that leaves the process spent
 *
 * Invariants
 *  1. An outcome is told after all lines of its call, and after the process is really dead where the call ended it.
 *  2. A process that was set up is replaced at once. One that died before that is replaced by the next call only, and
 *     that call is told why it dies again: a function that cannot even be loaded never makes a loop of forks.
 *  3. Of the answer and the death of a process, the answer counts when both arrive.
 */
import { strict as assert } from 'node:assert'
import { encodeFailure, summarizeFailure, type Line } from '@burla/protocol'
import { frameTypes } from './frames.ts'
import { decodeErrorFrame, decodeValueFrame } from './messages.ts'
import type { OomKills } from './oom-kills.ts'
import { couldNotStart, errorOfDeadCall, memoryCauseOf, type DeadCall, type Outcome } from './outcome.ts'
import { RunningCall, type Call } from './running-call.ts'
import { SlotOutput } from './slot-output.ts'
import { slotFolder, type SlotSetup } from './slot-setup.ts'
import { SlotProcess, type ProcessEnd, type SlotProcessOptions } from './slot-process.ts'

export type SlotOptions = Pick<SlotProcessOptions, 'reaper' | 'valve' | 'env' | 'heapMiB'> & {
  onLines: (lines: Line[], slot: number) => void
  oomKills: OomKills
}

/** V8's last words and Node's native stack fit. */
const lastWordsLength = 16 * 1024

export class Slot {
  readonly number: number
  readonly #options: SlotOptions
  readonly #output: SlotOutput
  #setup: SlotSetup | undefined
  #process: SlotProcess | undefined
  #running: RunningCall | undefined
  /** of the processes that have not ended yet; more than one only right after a replacement */
  readonly #endings = new Set<Promise<void>>()
  #lastWords = ''
  #killed = false
  #closed = false

  constructor(number: number, options: SlotOptions, { setup, warm }: { setup: SlotSetup | undefined; warm: boolean }) {
    this.number = number
    this.#options = options
    this.#setup = setup
    this.#output = new SlotOutput((lines) => options.onLines(lines, number))
    if (warm) this.#process = this.#fork(this.#heapMiB)
  }

  /** The process inside, where there is one. */
  get pid(): number | undefined {
    return this.#process?.pid
  }

  /** Resolves when the process is warm, or has ended before it was. */
  async ready(): Promise<void> {
    await this.#process?.ready
  }

  setup(setup: SlotSetup): void {
    assert(!this.#setup, 'a slot serves one job')
    const warm = this.#process
    this.#setup = setup
    if (warm && this.#processWith(this.#heapMiB) === warm) this.#tell(warm, setup)
  }

  /**
   * Runs the function on one input. Rejects, with an `INTERNAL` error, only when no process could be started at all.
   * Lines of the call have been handed to `onLines` when the promise settles.
   */
  call(call: Call): Promise<Outcome> {
    assert(this.#setup, 'a call needs a setup')
    assert(!this.#running, 'a slot runs one call at a time')
    if (this.#closed) return Promise.resolve({ type: 'lost', durationMs: 0 })
    this.#killed = false
    const running = new RunningCall(call)
    this.#running = running
    this.#start(this.#processWith(call.heapMiB ?? this.#heapMiB), running)
    return running.outcome
  }

  /** Ends the process and what it started. A running call is `lost`. The next call starts a new process. */
  async kill(): Promise<void> {
    this.#killed = true
    this.#process?.kill()
    await Promise.all(this.#endings)
  }

  /** Kills, for good: later calls are `lost`. */
  async close(): Promise<void> {
    this.#closed = true
    await this.kill()
  }

  get #heapMiB(): number | undefined {
    return this.#setup?.heapMiB ?? this.#options.heapMiB
  }

  #processWith(heapMiB: number | undefined): SlotProcess {
    const process = (this.#process ??= this.#fork(heapMiB))
    if (process.heapMiB === heapMiB) return process
    process.kill()
    return (this.#process = this.#fork(heapMiB))
  }

  #fork(heapMiB: number | undefined): SlotProcess {
    this.#lastWords = ''
    const process: SlotProcess = new SlotProcess({
      reaper: this.#options.reaper,
      valve: this.#options.valve,
      env: this.#options.env,
      heapMiB,
      onFrame: (type, body) => this.#onFrame(process, type, body),
      onOutput: (stream, chunk) => {
        if (stream === 'stderr') this.#remember(chunk)
        this.#output.push(stream, chunk)
      },
      onEnd: (end) => this.#onEnd(process, end),
    })
    this.#endings.add(process.ended)
    void process.ended.then(() => this.#endings.delete(process.ended))
    if (this.#setup) this.#tell(process, this.#setup)
    return process
  }

  #tell(process: SlotProcess, { functionBytes, ...setup }: SlotSetup): void {
    process.setup({ ...setup, folder: slotFolder(setup, this.number) }, functionBytes)
  }

  #start(process: SlotProcess, running: RunningCall): void {
    if (process.isSetUp) this.#send(process, running)
    else void this.#sendWhenSetUp(process, running)
  }

  /** What the function prints while it is loaded belongs to no call. */
  async #sendWhenSetUp(process: SlotProcess, running: RunningCall): Promise<void> {
    await process.setUp
    await this.#options.valve.drained()
    if (process.isSetUp && this.#running === running) this.#send(process, running)
  }

  #send(process: SlotProcess, running: RunningCall): void {
    const { index, input, timeoutMs, run } = running.call
    running.restartClock()
    this.#lastWords = ''
    this.#output.begin({ index, run })
    process.call({ index, run, sayWhenBegun: timeoutMs !== null }, input)
  }

  #onFrame(process: SlotProcess, type: number, body: Buffer): void {
    const running = this.#running
    if (!running || running.answer) return
    if (type === frameTypes.begun) {
      running.startTimeout(() => process.kill())
    } else if (type === frameTypes.waits) {
      running.call.place?.waits()
    } else if (type === frameTypes.goesOn) {
      void this.#goOn(process, running)
    } else if (type === frameTypes.value) {
      running.answer = { type: 'value', ...decodeValueFrame(body) }
      void this.#settleWhenDrained(running, running.answer)
    } else if (type === frameTypes.error) {
      const { spent, ...answer } = decodeErrorFrame(body)
      running.answer = { type: 'error', ...answer }
      // A spent process may still print and throw for its call: it dies first, and its end settles the call.
      if (spent) process.kill()
      else void this.#settleWhenDrained(running, running.answer)
    }
  }

  async #goOn(process: SlotProcess, running: RunningCall): Promise<void> {
    await running.call.place?.goesOn()
    if (this.#running === running && this.#process === process) process.goOn()
  }

  #onEnd(process: SlotProcess, end: ProcessEnd): void {
    if (this.#process !== process) return
    this.#process = undefined
    const running = this.#running
    if (!running) this.#endIdle(end)
    else if (running.answer) this.#settle(running, running.answer)
    else if (process.exitedIdle && process.isSetUp && !running.resent && !this.#killed) this.#resend(running)
    else this.#settleDead(process, running, end)
    const served = process.isSetUp || (process.isReady && !this.#setup)
    if (served && !this.#killed) this.#process ??= this.#fork(this.#heapMiB)
  }

  /** A kill by the kernel is accounted for here, too: the next slot that is killed was not killed for memory by it. */
  #endIdle({ signal }: ProcessEnd): void {
    if (signal === 'SIGKILL' && !this.#killed) this.#options.oomKills.claim()
    this.#output.end()
  }

  #resend(running: RunningCall): void {
    running.resent = true
    this.#output.end()
    this.#process = this.#fork(running.call.heapMiB ?? this.#heapMiB)
    this.#start(this.#process, running)
  }

  #settleDead(process: SlotProcess, running: RunningCall, end: ProcessEnd): void {
    const lastWords = this.#lastWords
    if (!process.isReady && !this.#killed && end.signal !== 'SIGKILL') {
      this.#running = undefined
      running.fail(couldNotStart(this.number, end, lastWords))
      return
    }
    const durationMs = running.elapsedMs
    const { index, timeoutMs, alone = false } = running.call
    const dead: DeadCall = {
      index,
      end,
      timedOutAfterMs: running.timedOut ? timeoutMs : null,
      killed: this.#killed,
      outOfMemory: end.signal === 'SIGKILL' && !this.#killed && !running.timedOut && this.#options.oomKills.claim(),
      alone,
      heapMiB: process.heapMiB,
      lastWords,
    }
    const error = errorOfDeadCall(dead)
    if (error === 'lost') return this.#settle(running, { type: 'lost', durationMs })
    const cause = memoryCauseOf(dead)
    const told = { payload: encodeFailure(error), failure: summarizeFailure(error), durationMs }
    this.#settle(running, cause === undefined ? { type: 'error', ...told } : { type: 'outOfMemory', cause, ...told })
  }

  async #settleWhenDrained(running: RunningCall, outcome: Outcome): Promise<void> {
    await this.#options.valve.drained()
    this.#settle(running, outcome)
  }

  #settle(running: RunningCall, outcome: Outcome): void {
    if (this.#running !== running) return
    this.#output.end()
    this.#running = undefined
    running.settle(outcome)
  }

  #remember(chunk: Buffer): void {
    this.#lastWords = (this.#lastWords + chunk.toString('latin1')).slice(-lastWordsLength)
  }
}
