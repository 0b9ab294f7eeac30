/** What stands in a failure for something that cannot travel or be read. */
import { inspect } from 'node:util'

/** A value as `console.log` would show it, briefly; undefined when it does not even let itself be looked at. */
export function textOf(value: unknown): string | undefined {
  try {
    return inspect(value, { depth: 0, maxArrayLength: 20, maxStringLength: 1_000, breakLength: 120 })
  } catch {
    // a proxy, or an inspect function of its own, that throws
    return undefined
  }
}

export function unreadableText(cause: unknown): string {
  try {
    return `[reading this failed: ${cause instanceof Error ? cause.message : typeof cause}]`
  } catch {
    // what was thrown throws itself
    return '[reading this failed]'
  }
}
