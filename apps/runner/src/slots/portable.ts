/** Stands in for `@burla/closure` and the values of `@burla/protocol` until both have landed. */
import { deserialize, serialize } from 'node:v8'

export function encodeValue(value: unknown, _at?: string, _code?: string): Buffer {
  return serialize(value)
}
export function decodeValue(bytes: Buffer): unknown {
  return deserialize(bytes)
}
export function encodeFailure(thrown: unknown): Buffer {
  return serialize(thrown instanceof Error ? { ...thrown, name: thrown.name, message: thrown.message } : thrown)
}
export function decodeFailure(bytes: Buffer): unknown {
  return deserialize(bytes)
}
export function captureFunction(fn: (...args: never[]) => unknown): { bytes: Buffer } {
  return { bytes: Buffer.from(fn.toString()) }
}
export function restoreFunction(bytes: Buffer): (input: unknown, index: number) => unknown {
  return (0, eval)(`(${bytes.toString()})`) as (input: unknown, index: number) => unknown
}
