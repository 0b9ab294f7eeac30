/**
 * How a payload looks as bytes:
 *
 *   u32  length of the JSON text       (little endian)
 *   u32  length of the data part
 *        the JSON text of the payload
 *        the data part, as `encodeValue` writes it; missing when there is none
 *        memory, from the next multiple of 8 on: typed arrays, ArrayBuffers
 *
 * A large typed array is copied once, into place.
 */
import { BurlaError, decodeValue, encodeValue } from '@burla/protocol'
import { payloadVersion, type Payload } from './payload.ts'

export interface PayloadParts {
  payload: Payload
  data: unknown[]
  memory: Uint8Array[]
}

const headBytes = 8

/** Or how many bytes it would be, when that is more than `mostBytes`: nothing is allocated for it then. */
export function encodePayload({ payload, data, memory }: PayloadParts, mostBytes: number): Buffer | number {
  const text = Buffer.from(JSON.stringify(payload))
  const encodedData = data.length > 0 ? encodeValue(data, 'fn', 'FUNCTION_NOT_PORTABLE') : Buffer.alloc(0)
  const memoryAt = padded(headBytes + text.length + encodedData.length)
  const length = memory.reduce((sum, bytes) => sum + padded(bytes.length), memoryAt)
  if (length > mostBytes) return length
  const bytes = memory.length > 0 ? Buffer.allocUnsafeSlow(length) : Buffer.alloc(length)
  bytes.writeUInt32LE(text.length, 0)
  bytes.writeUInt32LE(encodedData.length, 4)
  bytes.set(text, headBytes)
  bytes.set(encodedData, headBytes + text.length)
  let at = memoryAt
  for (const piece of memory) {
    bytes.set(piece, at)
    const end = at + padded(piece.length)
    bytes.fill(0, at + piece.length, end)
    at = end
  }
  return bytes.subarray(0, at)
}

/** `memory` begins where the numbers of `buffer` nodes count from. */
export function decodePayload(bytes: Buffer): { payload: Payload; data: unknown[]; memory: Buffer } {
  const textEnd = headBytes + bytes.readUInt32LE(0)
  const dataEnd = textEnd + bytes.readUInt32LE(4)
  const payload = JSON.parse(bytes.toString('utf8', headBytes, textEnd)) as Payload
  if (payload.version !== payloadVersion) {
    throw new BurlaError(
      'CODEC_UNKNOWN',
      `the function was captured in format ${payload.version}, and this is format ${payloadVersion}; ` +
        'use the same version of burla everywhere',
    )
  }
  const data = dataEnd > textEnd ? (decodeValue(bytes.subarray(textEnd, dataEnd)) as unknown[]) : []
  return { payload, data, memory: bytes.subarray(padded(dataEnd)) }
}

/** Numbers of 8 bytes can be read where they lie. */
export function padded(length: number): number {
  return Math.ceil(length / 8) * 8
}
