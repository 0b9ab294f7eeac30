/**
 * Reads the results stream of a job in order, a batch at a time, and fetches large payloads from beside it: those of the
 * next batch while the last one is looked at. A batch leaves Redis when the next one is asked for: by then its reader has
 * it in memory (P6).
 */
import type { Redis } from 'ioredis'
import {
  BurlaError,
  decodeBatch,
  isFinished,
  jobKeys,
  type BatchEntry,
  type JobId,
  type ResultEntry,
} from '@burla/protocol'
import { decodeRecord } from './job-hash.ts'
import { isTransient, orClosed } from './connection.ts'
import { partNames, readLarge } from './large-values.ts'
import { pause, untilStored } from './patience.ts'
import { take } from './scripts.ts'

const blockMs = 1_000
/** One reply, and one batch with its large payloads, carries about this much at most. */
const batchBytes = 8 * 1024 * 1024
const batchEntries = 100

interface Links {
  jobId: JobId
  /** blocks in XREAD */
  reader: Redis
  /** everything else */
  redis: Redis
}

/**
 * Ends when the job is completed and everything was read, or when `signal` ends.
 * @throws BurlaError JOB_CANCELLED or JOB_FAILED with the reason when the job was ended, JOB_UNKNOWN when it is gone
 */
export async function* readResults(links: Links, signal: AbortSignal): AsyncGenerator<ResultEntry[]> {
  const taking = createTaking(links)
  let lastId = '0-0'
  let count = 16
  while (!signal.aborted) {
    const rows = await readRows(links, { lastId, count, signal })
    if (signal.aborted) return
    if (rows.length === 0) {
      if (await isReadToEnd(links, lastId)) return
      continue
    }
    lastId = rows.at(-1)?.id ?? lastId
    const bytesPerRow = rows.reduce((sum, row) => sum + row.inlineBytes, 0) / rows.length
    count = Math.max(1, Math.min(batchEntries, Math.floor(batchBytes / bytesPerRow)))
    const batches = intoBatches(rows)
    let fetching = fetchLarge(links, batches[0] ?? [], signal)
    for (const [place, batch] of batches.entries()) {
      const entries = await fetching
      if (signal.aborted) return
      fetching = fetchLarge(links, batches[place + 1] ?? [], signal)
      fetching.catch(() => undefined) // heard of when it is waited for
      yield entries
      taking.took(batch)
    }
  }
}

/** One entry of the stream. */
interface Row {
  id: string
  entries: BatchEntry[]
  /** in the stream */
  inlineBytes: number
  /** with what is beside it */
  bytes: number
}

function intoBatches(rows: Row[]): Row[][] {
  const batches: Row[][] = []
  let bytes = Infinity
  for (const row of rows) {
    bytes += row.bytes
    if (bytes <= batchBytes) batches.at(-1)?.push(row)
    else {
      batches.push([row])
      bytes = row.bytes
    }
  }
  return batches
}

function fetchLarge({ redis, jobId }: Links, rows: Row[], signal: AbortSignal): Promise<ResultEntry[]> {
  const { values } = jobKeys(jobId)
  return Promise.all(
    rows
      .flatMap((row) => row.entries)
      .map(async (entry) => {
        if (!('name' in entry)) return entry
        const { header, name, bytes } = entry
        const payload = await untilRead(() => orClosed(redis, readLarge(redis, values, name, bytes)), signal)
        if (payload || signal.aborted) return { header, payload: payload ?? Buffer.alloc(0) }
        const what = `the result of input ${header.index} of job ${jobId} (${bytes} bytes)`
        throw new BurlaError('JOB_UNKNOWN', `${what} is no longer in Redis. Run the job again.`)
      }),
  )
}

async function untilRead<T>(read: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await untilStored(read, signal)
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  }
}

function createTaking({ redis, jobId }: Links) {
  let takenBytes = 0
  let names: string[] = []
  return {
    /** Not waited for: a lost take is made good by the next one, and by the end of the job. */
    took(rows: Row[]) {
      const lastId = rows.at(-1)?.id
      if (lastId === undefined) return
      for (const row of rows) {
        takenBytes += row.bytes
        for (const entry of row.entries) if ('name' in entry) names.push(...partNames(entry.name, entry.bytes))
      }
      const taking = names
      take(redis, jobId, { firstKept: after(lastId), bytes: takenBytes, values: taking }).then(
        () => (names = names.filter((name) => !taking.includes(name))),
        () => undefined,
      )
    },
  }
}

async function readRows(
  { jobId, reader }: Links,
  { lastId, count, signal }: { lastId: string; count: number; signal: AbortSignal },
): Promise<Row[]> {
  try {
    const reply = await reader.xreadBuffer('COUNT', count, 'BLOCK', blockMs, 'STREAMS', jobKeys(jobId).results, lastId)
    const entries = (reply?.[0]?.[1] ?? []) as unknown as [Buffer, Buffer[]][]
    return entries.map(([id, fields]) => rowOf(id.toString(), fields))
  } catch (error) {
    if (signal.aborted) return []
    if (!isTransient(error)) throw error
    await pause(100, signal)
    return []
  }
}

function rowOf(id: string, [, h = nothing, , v = nothing]: Buffer[]): Row {
  const entries = decodeBatch(h, v)
  const inlineBytes = h.length + v.length
  const beside = entries.reduce((sum, entry) => sum + ('name' in entry ? entry.bytes : 0), 0)
  return { id, entries, inlineBytes, bytes: inlineBytes + beside }
}

const nothing = Buffer.alloc(0)

/** Nothing came for a while: is the job over? */
async function isReadToEnd({ jobId, redis }: Links, lastId: string): Promise<boolean> {
  const k = jobKeys(jobId)
  let hash: Record<string, string>
  try {
    hash = await orClosed(redis, redis.hgetall(k.record))
    const left = await orClosed(redis, redis.xrange(k.results, `(${lastId}`, '+', 'COUNT', 1))
    if (left.length > 0) return false
  } catch (error) {
    if (isTransient(error)) return false
    throw error
  }
  const record = decodeRecord(hash)
  if (!record) {
    throw new BurlaError('JOB_UNKNOWN', `job ${jobId} is gone: its data is no longer in Redis. Run it again.`)
  }
  if (record.state === 'completed') return true
  if (record.state === 'failed') {
    throw new BurlaError('JOB_FAILED', `job ${jobId} failed: ${record.reason ?? 'no reason was given'}`)
  }
  if (record.state === 'cancelled' || record.state === 'cancelling') {
    throw new BurlaError('JOB_CANCELLED', `job ${jobId} was cancelled: ${record.reason ?? 'no reason was given'}`)
  }
  return isFinished(record.state)
}

function after(id: string): string {
  const [ms, sequence] = id.split('-')
  return `${ms}-${Number(sequence) + 1}`
}
