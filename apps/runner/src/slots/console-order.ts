/**
 * Keeps the order of what a slot prints across its two streams, which travel in two pipes.
 *
 * The slot, when it goes on printing in the other stream, first writes the same numbered mark to both. The runner reads
 * no stream beyond a mark before it has met that mark in the other one. A function that prints in one stream only costs
 * nothing. A mark starts with a byte that is in no UTF-8 text; programs started by the function write none.
 */
import type { Line } from '@burla/protocol'

type StreamName = Line['stream']

const prefix = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('burla')])
const digits = 8
const markBytes = prefix.length + digits
/** More than this is never held back: a function that forges marks harms only the order of its own lines. */
const heldBytes = 1024 * 1024

/** In the slot: marks each switch between `process.stdout` and `process.stderr`. */
export function markSwitches(): void {
  const writes = {
    stdout: process.stdout.write.bind(process.stdout),
    stderr: process.stderr.write.bind(process.stderr),
  }
  let last: StreamName | undefined
  let number = 0
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].write = (...args: unknown[]) => {
      if (last && last !== name) {
        number = (number + 1) % 16 ** digits
        const mark = Buffer.concat([prefix, Buffer.from(number.toString(16).padStart(digits, '0'))])
        writes[last](mark)
        writes[name](mark)
      }
      last = name
      return Reflect.apply(writes[name], undefined, args) as boolean
    }
  }
}

interface StreamState {
  /** number of the last mark that was met */
  mark: number
  /** bytes that were read and not passed on: behind a mark, or perhaps the beginning of one */
  held: Buffer
}

/** In the runner: bytes of both streams in, the same without marks out, in order. */
export class OrderMerger {
  readonly #pass: (stream: StreamName, bytes: Buffer) => void
  readonly #streams: Record<StreamName, StreamState> = {
    stdout: { mark: 0, held: Buffer.alloc(0) },
    stderr: { mark: 0, held: Buffer.alloc(0) },
  }

  constructor(pass: (stream: StreamName, bytes: Buffer) => void) {
    this.#pass = pass
  }

  push(stream: StreamName, chunk: Buffer): void {
    const state = this.#streams[stream]
    state.held = state.held.length > 0 ? Buffer.concat([state.held, chunk]) : chunk
    const other = stream === 'stdout' ? 'stderr' : 'stdout'
    // Each mark that is met here may let the other stream go on, up to its next mark, and so on.
    while (this.#advance(stream) && this.#advance(other));
  }

  /** Passes on what is held back; nothing that would order it is to come. */
  flush(): void {
    const highest = Math.max(this.#streams.stdout.mark, this.#streams.stderr.mark)
    for (const stream of ['stdout', 'stderr'] as const) {
      const state = this.#streams[stream]
      state.mark = highest
      this.#advance(stream)
      if (state.held.length > 0) this.#pass(stream, state.held)
      state.held = Buffer.alloc(0)
    }
  }

  /** True when the stream has met at least one mark. */
  #advance(stream: StreamName): boolean {
    const state = this.#streams[stream]
    const other = this.#streams[stream === 'stdout' ? 'stderr' : 'stdout']
    let met = false
    while (state.held.length > 0 && (state.mark <= other.mark || state.held.length > heldBytes)) {
      const at = markStart(state.held)
      if (at > 0) this.#pass(stream, state.held.subarray(0, at))
      state.held = state.held.subarray(at)
      if (state.held.length < markBytes) break
      state.mark = parseInt(state.held.toString('latin1', prefix.length, markBytes), 16) || state.mark
      state.held = state.held.subarray(markBytes)
      met = true
    }
    return met
  }
}

/** Where the first mark begins, or the bytes at the end that may become one; else the end. */
function markStart(bytes: Buffer): number {
  for (let at = bytes.indexOf(0xff); at !== -1; at = bytes.indexOf(0xff, at + 1)) {
    const candidate = bytes.subarray(at, at + prefix.length)
    if (candidate.equals(prefix.subarray(0, candidate.length))) return at
  }
  return bytes.length
}
