/**
 * Any value in, self-describing bytes out; the format is in `format.ts`.
 *
 * Class instances arrive as plain data: their own enumerable properties with string keys. What does not travel: symbol
 * keys, private fields, and properties put on arrays, Maps, bytes and so on. Own getters are read, as by JSON.stringify.
 */
import { codecVersion } from '../codec-version.ts'
import { BurlaError, type ErrorCode } from '../errors.ts'
import { largestFunctionBytes, largestValueBytes } from '../limits.ts'
import { byteKind, bytesOf } from './bytes.ts'
import { form, headerBytes } from './format.ts'
import { isJson } from './is-json.ts'
import { type Policy, writeGraph } from './write-graph.ts'

const jsonPrefix = String.fromCharCode(codecVersion, form.json)

/** Where a value with bytes in it is encoded. */
export type Allocate = (bytes: number) => Buffer

export type ValueErrorCode = Extract<ErrorCode, `${string}_NOT_PORTABLE`>

/**
 * The bytes of `value`. What cannot travel (functions, promises, sockets, ...) is a `BurlaError` of code `code` that
 * names the place, starting with `at`: `inputs[3].conn: a Socket cannot travel`. Over 256 MiB the
 * code is `INPUT_TOO_BIG` or the like, and the message has the size.
 */
export function encodeValue(
  value: unknown,
  at = 'value',
  code: ValueErrorCode = 'INPUT_NOT_PORTABLE',
  allocate: Allocate = Buffer.allocUnsafe,
): Buffer {
  const encoded = encodeAny(value, at, code, allocate)
  if (encoded.length <= rules[code].most + describingBytes) return encoded
  throw tooBig(at, code, `${encoded.length.toLocaleString('en')} bytes`)
}

/** The limit is for what the value holds; these say what it is. */
const describingBytes = 1024

const rules: Record<ValueErrorCode, { tooBig: ErrorCode; most: number; instead: string; smaller: string }> = {
  INPUT_NOT_PORTABLE: {
    tooBig: 'INPUT_TOO_BIG',
    most: largestValueBytes,
    instead: 'make it inside the function',
    smaller: 'put it into a file in shared/ and pass the path, or split it',
  },
  FUNCTION_NOT_PORTABLE: {
    tooBig: 'FUNCTION_TOO_BIG',
    most: largestFunctionBytes,
    instead: 'make it inside the function',
    smaller: 'pass data as inputs, or put it into a file in shared/',
  },
  RESULT_NOT_PORTABLE: {
    tooBig: 'RESULT_TOO_BIG',
    most: largestValueBytes,
    instead: 'return what you need of it as plain data',
    smaller: 'write it to a file in shared/ and return the path, or split it',
  },
}

function encodeAny(value: unknown, at: string, code: ValueErrorCode, allocate: Allocate): Buffer {
  try {
    if (isJson(value)) return Buffer.from(jsonPrefix + JSON.stringify(value))
    const policy: Policy = {
      unportable(what, path) {
        throw new BurlaError(code, `${at}${path}: ${what} cannot travel to another machine; ${rules[code].instead}`)
      },
      unreadable(cause, path) {
        const reason = cause instanceof Error ? cause.message : String(cause)
        throw new BurlaError(code, `${at}${path}: reading it failed: ${reason}`, { cause })
      },
    }
    return encodeRich(value, policy, allocate)
  } catch (cause) {
    // V8 has no strings over 512 MiB; nothing else that is called here throws this.
    if (cause instanceof RangeError && cause.message === 'Invalid string length') {
      throw tooBig(at, code, 'over 512 MiB of text', cause)
    }
    throw cause
  }
}

function tooBig(at: string, code: ValueErrorCode, size: string, cause?: unknown): BurlaError {
  const { tooBig: tooBigCode, most, smaller } = rules[code]
  const message = `${at} has ${size}; the limit is ${most / 1024 / 1024} MiB: ${smaller}`
  return new BurlaError(tooBigCode, message, cause === undefined ? {} : { cause })
}

/** The same without a limit, and with another way of dealing with what cannot travel. */
export function encodeRich(value: unknown, policy: Policy, allocate: Allocate = Buffer.allocUnsafe): Buffer {
  if (typeof value === 'object' && value !== null) {
    const kind = byteKind(value)
    // An empty one may be one that was transferred away, which the other way says.
    if (kind >= 0 && (value as ArrayBuffer).byteLength > 0) return encodeBytes(kind, bytesOf(value), allocate)
  }
  const { cell, nodes, attachments } = writeGraph(value, policy)
  return encodeGraph(JSON.stringify([cell, nodes]), attachments, allocate)
}

function encodeBytes(kind: number, bytes: Uint8Array, allocate: Allocate): Buffer {
  const encoded = allocate(headerBytes.bytes + bytes.length)
  encoded.fill(0, 0, headerBytes.bytes)
  encoded[0] = codecVersion
  encoded[1] = form.bytes
  encoded[2] = kind
  encoded.set(bytes, headerBytes.bytes)
  return encoded
}

function encodeGraph(text: string, attachments: Uint8Array[], allocate: Allocate): Buffer {
  const textBytes = Buffer.byteLength(text)
  const size = attachments.reduce((sum, bytes) => sum + bytes.length, headerBytes.graph + textBytes)
  const encoded = allocate(size)
  encoded.fill(0, 0, headerBytes.graph)
  encoded[0] = codecVersion
  encoded[1] = form.graph
  encoded.writeUInt32LE(textBytes, 4)
  let offset = headerBytes.graph + encoded.write(text, headerBytes.graph)
  for (const bytes of attachments) {
    encoded.set(bytes, offset)
    offset += bytes.length
  }
  return encoded
}
