/**
 * A call's side of waiting for the jobs that it has started (P3). The slot tells its runner when the call begins to wait,
 * and asks before it goes on; only then does the function get what it waited for.
 *
 *   running -> `waits` -> waiting -> `goesOn` -> (its runner has a place for it) `goOn` -> running
 *
 *  IC1  A call that waits for several jobs waits until it has all of them: what it gets of the first ones before, it gets
 *       while it still waits, for the others may need the place.
 *  IC2  What it tells its runner alternates; a wait that begins while it is asking to go on is told after the answer.
 */
import type { InsideCall, JobParent } from '@burla/protocol'

export interface WaitingLink {
  sayWaits(): void
  sayGoesOn(): void
}

export class CallInside implements InsideCall {
  readonly parent: JobParent
  readonly #link: WaitingLink
  #isOver = false
  /** Made when somebody asks: an abort costs more than a tiny call. */
  #over: AbortController | undefined
  #pending = 0
  /** what is told to the runner, one after another (IC2) */
  #told: Promise<void> = Promise.resolve()
  #goOn: () => void = () => undefined

  constructor(parent: JobParent, link: WaitingLink) {
    this.parent = parent
    this.#link = link
  }

  get over(): AbortSignal {
    this.#over ??= new AbortController()
    if (this.#isOver) this.#over.abort()
    return this.#over.signal
  }

  async waitFor<T>(promise: Promise<T>): Promise<T> {
    if (++this.#pending === 1) this.#tell(() => this.#link.sayWaits())
    try {
      return await promise
    } finally {
      if (--this.#pending === 0) {
        this.#tell(() => this.#askToGoOn())
        await this.#told
      }
    }
  }

  /** The runner's answer. */
  goOn(): void {
    this.#goOn()
  }

  /** The call is over, and with it what it has started. */
  end(): void {
    this.#isOver = true
    this.#over?.abort()
    this.#goOn()
  }

  #tell(say: () => void | Promise<void>): void {
    this.#told = this.#told.then(() => (this.#isOver ? undefined : say()))
  }

  #askToGoOn(): Promise<void> {
    return new Promise((resolve) => {
      this.#goOn = resolve
      this.#link.sayGoesOn()
    })
  }
}
