/**
 * Reads the results stream of a job in order, a batch at a time, and fetches large payloads from beside it: those of the
 * next batch while the last one is looked at. A batch leaves Redis when the next one is asked for: by then its reader has
 * it in memory (P6).
 */
import type { Redis } from 'ioredis'
import { BurlaError, isFinished, jobKeys, type JobId, type ResultEntry } from '@burla/protocol'
import { decodeRecord } from './job-hash.ts'
import { isTransient, orClosed } from './connection.ts'
import { partNames } from './large-values.ts'
import { pause, untilStored } from './patience.ts'
import { batchBytes, fetchBatches, rowOf, type Row } from './result-rows.ts'
import { take } from './scripts.ts'

const blockMs = 1_000
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
  const { jobId, redis } = links
  const taking = createTaking(links)
  const persist = <T>(read: () => Promise<T>) => untilRead(() => orClosed(redis, read()), signal)
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
    for await (const batch of fetchBatches({ jobId, redis, persist }, rows)) {
      if (signal.aborted) return
      yield batch.entries
      taking.took(batch.rows)
    }
  }
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
    return entries.map(rowOf)
  } catch (error) {
    if (signal.aborted) return []
    if (!isTransient(error)) throw error
    await pause(100, signal)
    return []
  }
}

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
