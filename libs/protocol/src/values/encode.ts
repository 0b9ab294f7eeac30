/**
 * Any value in, self-describing bytes out; the format is in `format.ts`.
 *
 * Class instances arrive as plain data: their own enumerable properties with string keys. Symbol keys, extra
 * properties of arrays, Maps and so on do not travel. Getters are read as JSON.stringify would read them.
 */
import { BurlaError, type ErrorCode } from '../errors.ts'
import { byteKind, bytesOf } from './bytes.ts'
import { bytesHeaderBytes, form, graphHeaderBytes } from './format.ts'
import { isJson } from './is-json.ts'
import { type Policy, writeGraph } from './write-graph.ts'

const jsonPrefix = String.fromCharCode(form.json)

/**
 * The bytes of `value`. What cannot travel (functions, promises, sockets, ...) is a `BurlaError` of code `code` that
 * names the place, starting with `at`: `inputs[3].conn: a Socket cannot travel`.
 */
export function encodeValue(value: unknown, at = 'value', code: ErrorCode = 'INPUT_NOT_PORTABLE'): Buffer {
  if (isJson(value)) return encodeJson(value, at, code)
  return encodeRich(value, {
    unportable(what, path) {
      throw new BurlaError(code, `${at}${path}: ${what} cannot travel to another machine; make it inside the function`)
    },
    unreadable(cause, path) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new BurlaError(code, `${at}${path}: reading it failed: ${reason}`, { cause })
    },
  })
}

/** The same with another way of dealing with what cannot travel. */
export function encodeRich(value: unknown, policy: Policy): Buffer {
  if (typeof value === 'object' && value !== null) {
    const kind = byteKind(value)
    if (kind >= 0) return encodeBytes(kind, bytesOf(value))
  }
  const { cell, nodes, attachments } = writeGraph(value, policy)
  return encodeGraph(JSON.stringify([cell, nodes]), attachments)
}

function encodeJson(value: unknown, at: string, code: ErrorCode): Buffer {
  try {
    return Buffer.from(jsonPrefix + JSON.stringify(value))
  } catch (cause) {
    // V8 has no strings over 512 MiB
    const tooBig = code.replace('NOT_PORTABLE', 'TOO_BIG') as ErrorCode
    throw new BurlaError(tooBig, `${at}: it is too big to be written as JSON`, { cause })
  }
}

function encodeBytes(kind: number, bytes: Uint8Array): Buffer {
  const encoded = Buffer.allocUnsafe(bytesHeaderBytes + bytes.length)
  encoded[0] = form.bytes
  encoded[1] = kind
  encoded.set(bytes, bytesHeaderBytes)
  return encoded
}

function encodeGraph(text: string, attachments: Uint8Array[]): Buffer {
  const textBytes = Buffer.byteLength(text)
  const size = attachments.reduce((sum, bytes) => sum + bytes.length, graphHeaderBytes + textBytes)
  const encoded = Buffer.allocUnsafe(size)
  encoded[0] = form.graph
  encoded.writeUInt32LE(textBytes, 1)
  let offset = graphHeaderBytes + encoded.write(text, graphHeaderBytes)
  for (const bytes of attachments) {
    encoded.set(bytes, offset)
    offset += bytes.length
  }
  return encoded
}
