/** Doing a thing until Redis lets it happen. */
import { isTransient } from './connection.ts'

/** Repeats `attempt` while Redis is away or full; other errors, and the end of `signal`, are thrown. */
export async function untilStored<T>(attempt: (tries: number) => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let tries = 0; ; tries++) {
    signal?.throwIfAborted()
    try {
      return await attempt(tries)
    } catch (error) {
      if (!isTransient(error)) throw error
      await pause(Math.min(20 * 2 ** Math.min(tries, 5), 500), signal)
    }
  }
}

/** Resolves after `ms`, or at once when `signal` ends. Does not keep the process alive longer than its owner does. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done, { once: true })
  })
}
