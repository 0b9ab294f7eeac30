import { setTimeout as delay } from 'node:timers/promises'
import { inspect } from 'node:util'

export type Truthy<T> = Exclude<T, false | 0 | '' | null | undefined>

/**
 * Waits until `look` returns something truthy and resolves with it. On giving up says what it waited for and what was
 * seen last: a falsy value is hidden behind `describe`, so let `look` throw to say more (`expect(...)` does).
 */
export async function until<T>(
  describe: string,
  look: () => T | Promise<T>,
  { timeoutMs = 20_000, everyMs = 20 }: { timeoutMs?: number; everyMs?: number } = {},
): Promise<Truthy<T>> {
  const giveUpAt = Date.now() + timeoutMs
  for (;;) {
    let seen: unknown
    let cause: unknown
    try {
      const value = await look()
      if (value) return value as Truthy<T>
      seen = inspect(value)
    } catch (error) {
      cause = error
      seen = error instanceof Error ? error.message : inspect(error)
    }
    if (Date.now() >= giveUpAt)
      throw new Error(`gave up after ${timeoutMs} ms waiting until ${describe}; last seen: ${seen}`, { cause })
    await delay(everyMs)
  }
}
