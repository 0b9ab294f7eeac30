/** The kinds of bytes: Buffer, typed arrays, ArrayBuffer, DataView. They travel as bytes, never as text. */
import { types } from 'node:util'
import { BurlaError } from '../errors.ts'

/** The order is part of the wire format. */
const byteKinds = [
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

export const arrayBufferKind = 1

type ViewClass = new (buffer: ArrayBufferLike, offset?: number, length?: number) => ArrayBufferView

/** The getter that all typed arrays inherit: what a subclass or the object itself says does not count. */
const typedArrayName = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype) as object,
  Symbol.toStringTag,
)?.get as (this: unknown) => (typeof byteKinds)[number]

/** The index of a value's kind, -1 when it is not bytes. */
export function byteKind(value: object): number {
  if (types.isArrayBuffer(value)) return arrayBufferKind
  if (!ArrayBuffer.isView(value)) return -1
  if (Buffer.isBuffer(value)) return 0
  if (types.isDataView(value)) return 2
  return byteKinds.indexOf(typedArrayName.call(value))
}

/** What of a value travels: a view's own part of its buffer. Throws for a buffer that was transferred away. */
export function bytesOf(value: object): Uint8Array {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  return new Uint8Array(value as ArrayBuffer)
}

/** A message that leaves less than this of its memory to others has it for itself. */
const overheadBytes = 64

/**
 * Bytes back as what they were. They are copied, to be aligned and to keep no received message alive; but a large Buffer
 * that is all of its message is handed out as it is.
 */
export function restoreBytes(kind: number, bytes: Buffer): object {
  const isAlone = bytes.length > 64 * 1024 && bytes.buffer.byteLength - bytes.length <= overheadBytes
  if (kind === 0 && isAlone) return bytes
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  copy.set(bytes)
  if (kind === arrayBufferKind) return copy.buffer
  return kind === 0 ? copy : makeView(kind, copy.buffer, 0, copy.length)
}

export function makeView(kind: number, buffer: ArrayBuffer, offset: number, length: number): object {
  if (kind === 0) return Buffer.from(buffer, offset, length)
  const name = byteKinds[kind]
  const View = name && (globalThis as unknown as Record<string, ViewClass | undefined>)[name]
  if (!View) {
    throw new BurlaError(
      'CODEC_UNKNOWN',
      `a value holds a ${name ?? `kind of bytes (${kind})`}, which Node ${process.version} does not have; ` +
        'run the program and the cluster on the same version of Node',
    )
  }
  const { BYTES_PER_ELEMENT: elementBytes = 1 } = View as { BYTES_PER_ELEMENT?: number }
  return new View(buffer, offset, length / elementBytes)
}
