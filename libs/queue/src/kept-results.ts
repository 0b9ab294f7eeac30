/**
 * Reads what a submitted job keeps: all its results, in the order in which they were stored, from the first one, and
 * then those that come; and the lines that its calls print meanwhile. Nothing is taken: any number of readers may read,
 * at the same time and again.
 */
import { once } from 'node:events'
import type { Redis } from 'ioredis'
import {
  BurlaError,
  CancelledError,
  decodeLines,
  isFinished,
  jobKeys,
  type JobCredentials,
  type JobId,
  type Line,
  type ResultEntry,
} from '@burla/protocol'
import { connectRedis, isTransient, orClosed } from './connection.ts'
import { pause } from './patience.ts'
import { batchBytes, fetchBatches, rowOf } from './result-rows.ts'
import { readKept } from './scripts.ts'

const batchEntries = 200
const lineEntries = 50
const blockMs = 1_000
const troublePauseMs = 100
/** The connection is away for so long: perhaps the job is. */
const askAfterMs = 1_000

export interface KeptBatch {
  /** printed since the reading began, and before the calls ended whose results are in here or in an earlier batch */
  lines: KeptLines[]
  entries: ResultEntry[]
}

/** Lines that were stored at once. */
export interface KeptLines {
  /** bytes of lines that the job had printed before */
  at: number
  /** bytes of lines that had left the history before they were read: the job prints too fast */
  missed: number
  lines: Line[]
}

interface KeptReading {
  redis: Redis
  jobId: JobId
  signal: AbortSignal
  /** Throws when the results can't be read any more, for another reason than a Redis that is away. */
  stillKept?: () => Promise<unknown>
}

/** A connection of a program's own to the results of one job. */
export function openKeptResults(credentials: JobCredentials, stillKept: () => Promise<unknown>) {
  const { jobId, redis: address, username, password } = credentials
  // A command that is under way when the connection closes is an error at once: the user may be gone.
  const redis = connectRedis({ address, username, password, name: `burla-reader-${jobId}`, resend: false })
  return {
    read: (signal: AbortSignal) => readKeptResults({ redis, jobId, signal, stillKept }),
    close: () => redis.disconnect(),
  }
}

/**
 * Ends when the job is completed and everything was read, or with `signal`.
 * @throws BurlaError, after all results that there are, JOB_CANCELLED or JOB_FAILED with the job's reason
 */
export async function* readKeptResults(reading: KeptReading): AsyncGenerator<KeptBatch> {
  const { redis, jobId, signal } = reading
  const persist = <T>(read: () => Promise<T>) => withoutTrouble(reading, read)
  const lineReading = { redis, jobId, bytes: (await persist(() => countLineBytes(redis, jobId))) ?? 0 }
  let after = '0-0'
  let seen = 0
  while (!signal.aborted) {
    const look = () => readKept(redis, jobId, { after, mostBytes: batchBytes, mostEntries: batchEntries })
    const found = await persist(look)
    const lines = await persist(() => readLines(lineReading))
    if (found === undefined || lines === undefined) return
    if (lines.length > 0) yield { lines, entries: [] }
    const rows = found.entries.map(rowOf)
    for await (const { entries } of fetchBatches({ redis, jobId, persist }, rows)) {
      yield { lines: [], entries }
      seen += entries.filter(({ header }) => header.type === 'result').length
    }
    after = rows.at(-1)?.id ?? after
    if (rows.length > 0) continue
    if (isReadToEnd(jobId, { ...found, seen })) return
    await persist(() => waitForMore(lineReading, after))
  }
}

function isReadToEnd(
  jobId: JobId,
  { state, reason, known, seen }: Awaited<ReturnType<typeof readKept>> & { seen: number },
): boolean {
  if (state === 'gone') throw new BurlaError('JOB_UNKNOWN', `there is no job ${jobId} on this cluster any more`)
  if (state === 'failed') throw new BurlaError('JOB_FAILED', `job ${jobId} failed: ${reason}`)
  if (state === 'cancelled') throw new CancelledError('JOB_CANCELLED', `job ${jobId} was cancelled: ${reason}`)
  if (!isFinished(state)) return false
  if (seen === known) return true
  throw new BurlaError('RESULTS_EXPIRED', `the results of job ${jobId} were removed while they were read`)
}

interface LineReading {
  redis: Redis
  jobId: JobId
  /** bytes of lines that were read or are of before; an entry's id begins with the bytes before it */
  bytes: number
}

async function countLineBytes(redis: Redis, jobId: JobId): Promise<number> {
  return Number((await redis.hget(jobKeys(jobId).counts, 'lineBytes')) ?? 0)
}

async function readLines(reading: LineReading): Promise<KeptLines[]> {
  const { redis, jobId } = reading
  const read: KeptLines[] = []
  let bytes = reading.bytes
  for (;;) {
    const entries = await redis.xrangeBuffer(jobKeys(jobId).lines, `${bytes}-0`, '+', 'COUNT', lineEntries)
    for (const [id, [, , , , , payload = Buffer.from('[]')]] of entries) {
      const at = Number.parseInt(id.toString(), 10)
      read.push({ at, missed: at - bytes, lines: decodeLines(payload) })
      bytes = at + payload.length
    }
    if (entries.length === lineEntries) continue
    reading.bytes = bytes
    return read
  }
}

async function waitForMore({ redis, jobId, bytes }: LineReading, after: string): Promise<void> {
  const { results, lines } = jobKeys(jobId)
  await redis.xreadBuffer('COUNT', 1, 'BLOCK', blockMs, 'STREAMS', results, lines, after, `${bytes}-0`)
}

/** Repeats it until Redis answers; `undefined` when `signal` ended first. */
async function withoutTrouble<T>(
  { redis, signal, stillKept }: KeptReading,
  attempt: () => Promise<T>,
): Promise<T | undefined> {
  let askAt = Date.now() + askAfterMs
  while (!signal.aborted) {
    try {
      if (redis.status !== 'ready') await Promise.race([once(redis, 'ready'), pause(troublePauseMs, signal)])
      if (redis.status === 'ready') return await orClosed(redis, attempt())
    } catch (error) {
      if (signal.aborted) return undefined
      if (!isTransient(error)) throw error
      await pause(troublePauseMs, signal)
    }
    if (stillKept && Date.now() >= askAt) {
      await stillKept()
      askAt = Date.now() + askAfterMs
    }
  }
  return undefined
}
