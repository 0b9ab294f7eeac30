/** A call from the moment it is asked for until its outcome is told: what is known of it, and its time limit. */
import type { BurlaError } from '@burla/protocol'
import type { Outcome } from './outcome.ts'
import { pipesDrained } from './slot-output.ts'

export interface Call {
  index: number
  /** the encoded input */
  input: Buffer
  /** from the moment the function is called; `null`: no limit */
  timeoutMs: number | null
  /** for the lines of this call, see `Line.run` */
  run: number
  /** V8's heap limit for this call, where it is not that of the slot; a process with another one is replaced */
  heapMiB?: number | undefined
  /** nothing else runs on the node: said when it runs out of memory all the same */
  alone?: boolean
  /** what becomes of its place while it waits for a job that it has started; nothing where absent */
  place?: CallPlace
}

/** Told in turns, `waits` first. */
export interface CallPlace {
  waits(): void
  /** Resolves when the call may go on. */
  goesOn(): Promise<void>
}

/** setTimeout's own limit; a longer wait is made of several. */
const longestTimerMs = 2 ** 31 - 1

export class RunningCall {
  readonly call: Call
  readonly outcome: Promise<Outcome>
  /** What the slot said, once it has; its lines may still be under way. */
  answer: Outcome | undefined
  timedOut = false
  /** Its first process exited before the call had begun, so it was sent to a second one. */
  resent = false
  #since = performance.now()
  #timer: NodeJS.Timeout | undefined
  #resolve!: (outcome: Outcome) => void
  #reject!: (error: BurlaError) => void

  constructor(call: Call) {
    this.call = call
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  get elapsedMs(): number {
    return performance.now() - this.#since
  }

  restartClock(): void {
    this.#since = performance.now()
  }

  /** The function is called now: `onOver` when `timeoutMs` have passed without an answer. */
  startTimeout(onOver: () => void): void {
    const { timeoutMs } = this.call
    if (timeoutMs === null) return
    this.restartClock()
    const arm = () => {
      this.#timer = setTimeout(() => void look(), Math.min(timeoutMs - this.elapsedMs, longestTimerMs))
    }
    const look = async () => {
      // A runner that was frozen finds its timers over before it reads the answer that came in time.
      await pipesDrained()
      if (this.answer || !this.#timer) return
      if (this.elapsedMs < timeoutMs) return arm()
      this.timedOut = true
      onOver()
    }
    arm()
  }

  settle(outcome: Outcome): void {
    this.#stopTimeout()
    this.#resolve(outcome)
  }

  fail(error: BurlaError): void {
    this.#stopTimeout()
    this.#reject(error)
  }

  #stopTimeout(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
