/** A smaller likeness of something thrown that is over the limit: same class, what was cut says so. */
import { encodeValue } from '../values/encode.ts'
import { errorParts, isError } from '../values/error-parts.ts'
import { textOf, unreadableText } from './text.ts'

/** Of a chain of causes, of an AggregateError's errors and of an error's own properties, this many are told. */
const maxCauses = 5
const maxErrors = 20
const maxProperties = 200

export function shrink(thrown: unknown, budget: number, depth = 0): unknown {
  if (!isError(thrown)) return shrinkValue(thrown, budget)
  const copy = new Error()
  Object.setPrototypeOf(copy, Object.getPrototypeOf(thrown) as object)
  const { hidden, own } = errorParts(thrown)
  const told = own.slice(0, maxProperties)
  const share = Math.floor(budget / (hidden.length + told.length + 4))
  const take = (keys: string[], enumerable: boolean) => {
    for (const key of keys) {
      const value = shrinkPart(key, readPart(thrown, key), share, depth)
      Object.defineProperty(copy, key, { value, enumerable, writable: true, configurable: true })
    }
  }
  take(hidden, false)
  take(told, true)
  if (told.length < own.length) Object.assign(copy, { '[cut]': `${own.length - told.length} more properties` })
  return copy
}

function shrinkPart(key: string, value: unknown, share: number, depth: number): unknown {
  if (key === 'cause' || isError(value)) {
    return depth < maxCauses ? shrink(value, share, depth + 1) : `[cut: more than ${maxCauses} causes]`
  }
  if (key === 'errors' && Array.isArray(value)) {
    const told = value.slice(0, maxErrors)
    const errors = told.map((error) => shrink(error, share / told.length, depth + 1))
    return value.length > told.length ? [...errors, `[cut: ${value.length - told.length} more errors]`] : errors
  }
  return shrinkValue(value, share)
}

function shrinkValue(value: unknown, budget: number): unknown {
  if (typeof value === 'string') return cutText(value, budget)
  try {
    if (encodeValue(value).length <= budget) return value
  } catch {
    // it cannot travel: its text does
  }
  return cutText(textOf(value) ?? '[something that cannot be described]', Math.min(budget, 4_000))
}

function cutText(text: string, bytes: number): string {
  // one UTF-16 unit takes up to 3 bytes, escaped in JSON up to 6
  if (Buffer.byteLength(JSON.stringify(text)) <= bytes) return text
  const kept = Math.max(0, Math.floor((bytes - 100) / 6))
  return `${text.slice(0, kept)} [cut: ${text.length - kept} more characters]`
}

function readPart(error: Error, key: string): unknown {
  try {
    return (error as unknown as Record<string, unknown>)[key]
  } catch (cause) {
    return unreadableText(cause)
  }
}
