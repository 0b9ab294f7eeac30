/**
 * Whatever user code threw, as bytes. It must never throw itself: a failure that cannot be told would look like a
 * lost slot. What cannot travel inside it arrives as the text that `console.log` would have shown.
 */
import { encodeRich } from '../values/encode.ts'
import type { Policy } from '../values/write-graph.ts'
import { shrink } from './shrink.ts'
import { textOf, unreadableText } from './text.ts'

export const largestFailureBytes = 1024 * 1024

export interface EncodeFailureOptions {
  maxBytes?: number
  /** what travels of the stack of each error in it */
  stack?: (stack: string) => string
}

export function encodeFailure(
  thrown: unknown,
  { maxBytes = largestFailureBytes, stack = (text) => text }: EncodeFailureOptions = {},
): Buffer {
  const policy: Policy = { ...asText, stack }
  return (
    attempt(() => encodeRich(thrown, policy), maxBytes) ??
    attempt(() => encodeRich(shrink(thrown, maxBytes), policy), maxBytes) ??
    encodeRich(new Error('the function threw something that cannot be described'), policy)
  )
}

const asText: Policy = {
  unportable: (what, _path, value) => textOf(value) ?? `[${what}]`,
  unreadable(cause, path) {
    // What was thrown itself cannot be looked at: the next way says so.
    if (path === '') throw cause
    return unreadableText(cause)
  },
}

function attempt(encode: () => Buffer, maxBytes: number): Buffer | undefined {
  try {
    const bytes = encode()
    return bytes.length <= maxBytes ? bytes : undefined
  } catch {
    // proxies and getters can throw from anywhere; the next, simpler way is tried
    return undefined
  }
}
