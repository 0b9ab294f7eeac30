/**
 * The CPUs of this node, shared by the calls of all jobs that the runner serves: each has what its job asks for while it
 * runs, and nothing while it waits for a job that it has started (P3).
 *
 *  RM1  Those who come back from waiting are served before those who start; else it is first come, first served, so
 *       that a call that wants much gets it too.
 */
export interface Room {
  /** what is not taken now */
  readonly freeCpus: number
  /** how many calls of so many CPUs could start now */
  fits(cpus: number): number
  /** Resolves with true when the caller has it, with false when `signal` ended the wait. */
  take(cpus: number, wait: { signal: AbortSignal; comesBack: boolean }): Promise<boolean>
  leave(cpus: number): void
}

interface Waiter {
  cpus: number
  comesBack: boolean
  take(): void
}

/** Fractions of CPUs do not add up exactly. */
const epsilon = 1e-9

/** `onChange`: something was taken or left. */
export function createRoom(cpus: number, onChange: () => void = () => undefined): Room {
  let taken = 0
  const line: Waiter[] = []
  const hasRoom = (wanted: number) => taken + wanted <= cpus + epsilon

  function next(): void {
    for (let first = line[0]; first && hasRoom(first.cpus); first = line[0]) {
      line.shift()
      taken += first.cpus
      first.take()
    }
    onChange()
  }

  return {
    get freeCpus() {
      return Math.max(0, cpus - taken)
    },
    fits(wanted) {
      return Math.max(0, Math.floor((cpus - taken) / wanted + epsilon))
    },
    take(wanted, { signal, comesBack }) {
      if (signal.aborted) return Promise.resolve(false)
      return new Promise((resolve) => {
        const giveUp = () => {
          line.splice(line.indexOf(waiter), 1)
          resolve(false)
          next()
        }
        const waiter: Waiter = {
          cpus: wanted,
          comesBack,
          take() {
            signal.removeEventListener('abort', giveUp)
            resolve(true)
          },
        }
        signal.addEventListener('abort', giveUp, { once: true })
        const place = comesBack ? line.findIndex((other) => !other.comesBack) : -1
        line.splice(place < 0 ? line.length : place, 0, waiter)
        next()
      })
    },
    leave(left) {
      taken -= left
      next()
    },
  }
}
