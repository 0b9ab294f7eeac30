/**
 * What a slot prints, as lines tagged with the call that was running. One batch per turn of the event loop, and always
 * before the outcome of that call.
 */
import type { Readable } from 'node:stream'
import type { Line } from '@burla/protocol'
import { OrderMerger } from './console-order.ts'
import { LineSplitter } from './line-splitter.ts'

type StreamName = Line['stream']

/** Whose output it is; `index` -1 outside of any call. */
export interface OutputTag {
  index: number
  run: number
}

const noCall: OutputTag = { index: -1, run: 1 }

export class SlotOutput {
  #tag = noCall
  readonly #onLines: (lines: Line[]) => void
  readonly #splitters = { stdout: new LineSplitter(), stderr: new LineSplitter() }
  readonly #merger = new OrderMerger((stream, bytes) => this.#add(stream, this.#splitters[stream].push(bytes)))
  #batch: Line[] = []

  constructor(onLines: (lines: Line[]) => void) {
    this.#onLines = onLines
  }

  push(stream: StreamName, chunk: Buffer): void {
    this.#merger.push(stream, chunk)
  }

  /** What comes from here on belongs to this call. */
  begin(tag: OutputTag): void {
    this.#flush()
    this.#tag = tag
  }

  /** The call is over: what it left unfinished is a line, and all its lines are delivered now. */
  end(): void {
    this.#flush()
    this.#deliver()
    this.#tag = noCall
  }

  #flush(): void {
    this.#merger.flush()
    this.#add('stdout', this.#splitters.stdout.flush())
    this.#add('stderr', this.#splitters.stderr.flush())
  }

  #add(stream: StreamName, texts: string[]): void {
    if (texts.length === 0) return
    if (this.#batch.length === 0) setImmediate(() => this.#deliver())
    const { index, run } = this.#tag
    for (const text of texts) this.#batch.push({ index, stream, text, run })
  }

  #deliver(): void {
    if (this.#batch.length === 0) return
    const lines = this.#batch
    this.#batch = []
    this.#onLines(lines)
  }
}

/**
 * Resolves when everything that was in the pipes of this process's children at the time of the call has been read.
 *
 * The first `setImmediate` runs after the poll phase that may be under way, the second after one whole poll phase. libuv
 * reads up to 2 MiB of each readable stream in a phase; a pipe of a slot (a socket pair) holds 208 KiB.
 */
export function pipesDrained(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
}

/** Holds output back at its source: a slot whose pipe is full waits in its write. One valve for all slots. */
export class OutputValve {
  readonly #streams = new Set<Readable>()
  #opened: Promise<void> | undefined
  #open: (() => void) | undefined

  add(stream: Readable): void {
    this.#streams.add(stream)
    if (this.#opened) stream.pause()
    stream.once('close', () => this.#streams.delete(stream))
  }

  close(): void {
    this.#opened ??= new Promise((resolve) => (this.#open = resolve))
    for (const stream of this.#streams) stream.pause()
  }

  open(): void {
    for (const stream of this.#streams) stream.resume()
    this.#open?.()
    this.#opened = undefined
    this.#open = undefined
  }

  /** Resolves when all that the slots have written so far has been read; waits while the valve is closed. */
  async drained(): Promise<void> {
    do {
      await this.#opened
      await pipesDrained()
    } while (this.#opened)
  }
}
