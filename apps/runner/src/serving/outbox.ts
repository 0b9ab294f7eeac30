/**
 * What a runner has to tell: results and lines, in order, one batch at a time.
 *
 *  O1  A batch is repeated until Redis has acknowledged it, across reconnections and a full Redis (P1).
 *  O2  Batches are numbered, so that one whose reply was lost is not stored twice.
 *  O3  Lines of a call are in an earlier or the same batch as its result.
 *
 * While a batch is under way the next one gathers: the busier the runner, the larger its batches.
 */
import { append, encodeKeptFailure, isTransient, pause, type Appended, type Redis, type StateReply } from '@burla/queue'
import {
  encodeHeader,
  encodeLines,
  type FailureSummary,
  type JobId,
  type Line,
  type ResultHeader,
} from '@burla/protocol'

export interface Outbox {
  /** Resolves with the job's state when the result is stored (or, when the job is over, dropped). */
  result(result: StoredResult): Promise<StateReply>
  lines(lines: Line[]): void
  /** bytes that wait here for Redis */
  readonly pendingBytes: number
  /** bytes in the stream that the client has not taken, as of the last batch */
  readonly untakenBytes: number
  /** Resolves when all that was put in is stored. */
  drained(): Promise<void>
}

export interface StoredResult extends Omit<ResultHeader, 'type' | 'nodeId'> {
  payload: Buffer
  /** what was thrown, for the history */
  failure?: FailureSummary
}

interface OutboxOptions {
  redis: Redis
  jobId: JobId
  runnerId: string
  nodeId: string
  signal: AbortSignal
  /** after each stored batch */
  onStored: (state: StateReply) => void
  onTrouble: (error: Error) => void
}

interface Waiting extends Appended {
  stored: (state: StateReply) => void
}

/** One batch carries about this much at most; a larger single result goes alone. */
const batchBytes = 4 * 1024 * 1024
const batchEntries = 500

export function createOutbox(options: OutboxOptions): Outbox {
  const { redis, jobId, runnerId, nodeId, signal, onStored, onTrouble } = options
  const waiting: Waiting[] = []
  const idle: (() => void)[] = []
  let pendingBytes = 0
  let untakenBytes = 0
  let number = 0
  let flushing = false

  async function flush(): Promise<void> {
    flushing = true
    // What else is put in during this turn of the event loop goes along.
    await new Promise<void>((resolve) => setImmediate(resolve))
    while (waiting.length > 0 && !signal.aborted) {
      const entries = nextBatch(waiting)
      number++
      const { state, untakenBytes: untaken } = await store(entries)
      untakenBytes = untaken
      for (const entry of entries) {
        pendingBytes -= entry.payload.length
        entry.stored(state)
      }
      onStored(state)
    }
    flushing = false
    for (const resolve of idle.splice(0)) resolve()
  }

  async function store(entries: Waiting[]): Promise<{ state: StateReply; untakenBytes: number }> {
    for (let tries = 0; ; tries++) {
      try {
        const { state, untakenBytes: untaken } = await append(redis, jobId, { runnerId, number, entries })
        if (state !== 'missing') return { state, untakenBytes: untaken }
        await pause(100, signal)
      } catch (error) {
        if (signal.aborted) throw error
        onTrouble(error as Error)
        if (!isTransient(error)) throw error
        await pause(Math.min(20 * 2 ** Math.min(tries, 5), 500), signal)
      }
    }
  }

  function put(entry: Waiting): void {
    waiting.push(entry)
    pendingBytes += entry.payload.length
    if (!flushing) {
      flush().catch((error: Error) => {
        flushing = false
        if (!signal.aborted) onTrouble(error)
      })
    }
  }

  return {
    result({ payload, failure, ...header }) {
      const { index, status, attempts } = header
      const note = failure === undefined ? '' : encodeKeptFailure({ index, attempts, ...failure })
      return new Promise((stored) => {
        put({ index, status, header: encodeHeader({ type: 'result', ...header, nodeId }), payload, note, stored })
      })
    },
    lines(lines) {
      if (lines.length === 0) return
      const header = encodeHeader({ type: 'lines', nodeId })
      put({ index: '', status: '', header, payload: encodeLines(lines), note: lines.length, stored: () => undefined })
    },
    get pendingBytes() {
      return pendingBytes
    },
    get untakenBytes() {
      return untakenBytes
    },
    drained() {
      return flushing ? new Promise((resolve) => idle.push(resolve)) : Promise.resolve()
    },
  }
}

function nextBatch(waiting: Waiting[]): Waiting[] {
  let bytes = 0
  let count = 0
  for (const entry of waiting) {
    bytes += entry.payload.length
    if (count > 0 && (bytes > batchBytes || count >= batchEntries)) break
    count++
  }
  return waiting.splice(0, count)
}
