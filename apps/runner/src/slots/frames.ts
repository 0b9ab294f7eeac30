/**
 * The channel between a runner and one slot: frames on the slot's file descriptor 3, in both directions.
 *
 *   u32 length of body | u8 type | body
 *
 *   runner -> slot   setup   u32 length of JSON | JSON `SlotSettings` | function bytes      once, before the first call
 *                    call    f64 index | f64 run | u8 1: say when the function is called | encoded input
 *                    goOn    the call has a place again
 *   slot -> runner   ready   u8 codec version: the heavy modules are loaded
 *                    setUp   the function was restored (or will answer each call with why not)
 *                    begun   the function is called now
 *                    value   f64 durationMs | encoded value
 *                    error   f64 durationMs | u8 1: this process must not be used again |
 *                            u32 length of JSON | JSON `FailureSummary` | encoded failure
 *                    waits   the call waits for a job that it has started: its place is free
 *                    goesOn  it waits no more, and goes on when there is a place for it
 *                    unbegun the process exits, and no call is running in it: one under way to it has not begun
 *
 * One call at a time; each call is answered by at most one `value` or `error`. Numbers are big-endian.
 * The user's code can write to descriptor 3 too: what is not a frame of these kinds ends the slot, never the runner.
 */
import type { Socket } from 'node:net'
import { largestValueBytes } from '@burla/protocol'

export const frameTypes = {
  setup: 1,
  call: 2,
  goOn: 3,
  ready: 16,
  setUp: 17,
  begun: 18,
  value: 19,
  error: 20,
  unbegun: 21,
  waits: 22,
  goesOn: 23,
} as const
export type FrameType = (typeof frameTypes)[keyof typeof frameTypes]

const headerBytes = 5
/** The largest value and its header fields; also more than the largest function. */
const largestBodyBytes = largestValueBytes + 1024 * 1024
/** Up to here copying into one buffer is cheaper than writing a vector. */
const copyBelowBytes = 16 * 1024
const nothing: Buffer = Buffer.alloc(0)
const chunkBytes = 64 * 1024

/** Writes one frame whose body is `head` followed by `payload`. */
export function writeFrame(socket: Socket, type: FrameType, head: Buffer = nothing, payload: Buffer = nothing): void {
  const length = head.length + payload.length
  const small = payload.length <= copyBelowBytes
  const first = Buffer.allocUnsafe(headerBytes + head.length + (small ? payload.length : 0))
  first.writeUInt32BE(length, 0)
  first[4] = type
  first.set(head, headerBytes)
  if (small) {
    first.set(payload, headerBytes + head.length)
    socket.write(first)
    return
  }
  socket.cork()
  socket.write(first)
  socket.write(payload)
  socket.uncork()
}

/** Cuts a byte stream into frames. The bodies handed out are copies or own chunks: they stay as they are. */
export class FrameReader {
  readonly #onFrame: (type: number, body: Buffer) => void
  #header: Buffer = nothing
  #type = 0
  #body: Buffer | undefined
  #filled = 0
  #chunk: Buffer | undefined

  constructor(onFrame: (type: number, body: Buffer) => void) {
    this.#onFrame = onFrame
  }

  /** For a socket that reads into memory of its owner's: where to put what comes next. Large bodies are read into place. */
  get target(): Buffer {
    return this.#body?.subarray(this.#filled) ?? (this.#chunk ??= Buffer.allocUnsafeSlow(chunkBytes))
  }

  /** So many bytes were put into `target`. Throws like `push`. */
  read(length: number): void {
    const body = this.#body
    if (!body) return this.push(Buffer.from(this.target.subarray(0, length)))
    this.#filled += length
    this.#endBody(body)
  }

  /** Throws a `RangeError` when the bytes cannot be a frame. */
  push(bytes: Buffer): void {
    let rest = bytes
    while (rest.length > 0) {
      if (this.#body) rest = this.#fill(this.#body, rest)
      else rest = this.#begin(this.#header.length > 0 ? Buffer.concat([this.#header, rest]) : rest)
    }
  }

  #begin(bytes: Buffer): Buffer {
    if (bytes.length < headerBytes) {
      this.#header = bytes
      return nothing
    }
    this.#header = nothing
    const length = bytes.readUInt32BE(0)
    if (length > largestBodyBytes) throw new RangeError(`a frame of ${length} bytes was announced`)
    const type = bytes[4] as number
    const end = headerBytes + length
    if (bytes.length >= end) {
      this.#onFrame(type, bytes.subarray(headerBytes, end))
      return bytes.subarray(end)
    }
    this.#type = type
    this.#body = Buffer.allocUnsafeSlow(length)
    this.#filled = 0
    return this.#fill(this.#body, bytes.subarray(headerBytes))
  }

  #fill(body: Buffer, bytes: Buffer): Buffer {
    const taken = bytes.copy(body, this.#filled)
    this.#filled += taken
    this.#endBody(body)
    return bytes.subarray(taken)
  }

  #endBody(body: Buffer): void {
    if (this.#filled < body.length) return
    this.#body = undefined
    this.#onFrame(this.#type, body)
  }
}
