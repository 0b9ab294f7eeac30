/**
 * Who runs next, in which slot. Inputs in hand wait here in the order in which they were pulled.
 *
 *  T1  A slot is held by one input at a time.
 *  T2  An input that must have room (its runners were lost twice, or its node ran out of memory) starts when few enough
 *      run, and while it runs no more start beside it than it bears.
 *  T3  Turning away ends every wait with `undefined`; a closed line turns away all who come.
 */
export interface SlotTurns {
  /**
   * Resolves with a slot's number, or `undefined` when the input is turned away. `most`: so many inputs may run at the
   * same time, with this one, while it does.
   */
  take(most: number): Promise<number | undefined>
  leave(slot: number): void
  turnAway(): void
  close(): void
  /** inputs that have a slot */
  readonly running: number
  /** inputs that wait for one */
  readonly held: number
  /** how long inputs have been waiting without any slot becoming free; 0 when none waits */
  readonly stuckMs: number
  /** Resolves when no input has a slot. */
  idle(): Promise<void>
}

interface Waiter {
  most: number
  resolve: (slot: number | undefined) => void
}

export function createSlotTurns(slots: number): SlotTurns {
  /** the last one is next: the slot that ran last is warm, and those that never ran need no process */
  const free = Array.from({ length: slots }, (_, place) => slots - 1 - place)
  const line: Waiter[] = []
  const whenIdle: (() => void)[] = []
  /** slot -> `most` of the input in it */
  const bounds = new Map<number, number>()
  let closed = false
  let movedAt = performance.now()

  const running = () => slots - free.length

  function next(): void {
    while (line.length > 0 && free.length > 0) {
      const first = line[0]
      if (first === undefined || running() >= Math.min(first.most, ...bounds.values())) return
      const slot = free.pop()
      if (slot === undefined) return
      line.shift()
      bounds.set(slot, first.most)
      first.resolve(slot)
    }
  }

  function turnAway(): void {
    for (const waiter of line.splice(0)) waiter.resolve(undefined)
  }

  return {
    take(most) {
      if (closed) return Promise.resolve(undefined)
      return new Promise((resolve) => {
        if (line.length === 0) movedAt = performance.now()
        line.push({ most, resolve })
        next()
      })
    },
    leave(slot) {
      movedAt = performance.now()
      free.push(slot)
      bounds.delete(slot)
      next()
      if (running() === 0) for (const resolve of whenIdle.splice(0)) resolve()
    },
    turnAway,
    close() {
      closed = true
      turnAway()
    },
    get running() {
      return running()
    },
    get held() {
      return line.length
    },
    get stuckMs() {
      return line.length === 0 ? 0 : performance.now() - movedAt
    },
    idle() {
      return running() === 0 ? Promise.resolve() : new Promise((resolve) => whenIdle.push(resolve))
    },
  }
}
