/** The kinds of bytes: Buffer, typed arrays, ArrayBuffer, DataView. They travel as bytes, never as text. */
import { types } from 'node:util'
import { BurlaError } from '../errors.ts'

/** The order is part of the wire format. */
export const byteKinds = [
  'Buffer',
  'ArrayBuffer',
  'DataView',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'Float16Array',
] as const

type ViewClass = new (buffer: ArrayBuffer) => ArrayBufferView

/** The index of a value's kind, -1 when it is not bytes. */
export function byteKind(value: object): number {
  if (Buffer.isBuffer(value)) return 0
  if (types.isArrayBuffer(value)) return 1
  if (!ArrayBuffer.isView(value)) return -1
  if (types.isDataView(value)) return 2
  // a typed array names its kind in a getter that subclasses inherit
  return byteKinds.indexOf((value as Uint8Array)[Symbol.toStringTag] as (typeof byteKinds)[number])
}

/** What of a value travels: a view's own part of its buffer. Two views of one buffer arrive with a buffer each. */
export function bytesOf(value: object): Uint8Array {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  return new Uint8Array(value as ArrayBuffer)
}

/** Bytes back as what they were. They are copied once, to be aligned and to keep no received message alive. */
export function restoreBytes(kind: number, bytes: Uint8Array): object {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  copy.set(bytes)
  if (kind === 0) return copy
  if (kind === 1) return copy.buffer
  const name = byteKinds[kind]
  const View = name && (globalThis as unknown as Record<string, ViewClass | undefined>)[name]
  if (!View) {
    throw new BurlaError(
      'CODEC_UNKNOWN',
      `a value holds a ${name ?? `kind of bytes (${kind})`}, which this Node does not have`,
    )
  }
  return new View(copy.buffer)
}
