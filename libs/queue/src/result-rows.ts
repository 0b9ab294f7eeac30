/** Entries of a results stream on their way to a reader: which of them together, and what is beside the stream. */
import type { Redis } from 'ioredis'
import { BurlaError, decodeBatch, jobKeys, type BatchEntry, type JobId, type ResultEntry } from '@burla/protocol'
import { readLarge } from './large-values.ts'

/** One reply, and one batch with its large payloads, carries about this much at most. */
export const batchBytes = 8 * 1024 * 1024

/** One entry of the stream. */
export interface Row {
  id: string
  entries: BatchEntry[]
  /** in the stream */
  inlineBytes: number
  /** with what is beside it */
  bytes: number
}

export function rowOf([id, [, h = nothing, , v = nothing]]: [Buffer, Buffer[]]): Row {
  const entries = decodeBatch(h, v)
  const inlineBytes = h.length + v.length
  const beside = entries.reduce((sum, entry) => sum + ('name' in entry ? entry.bytes : 0), 0)
  return { id: id.toString(), entries, inlineBytes, bytes: inlineBytes + beside }
}

const nothing = Buffer.alloc(0)

interface Links {
  jobId: JobId
  redis: Redis
  /** repeats it while Redis is away; `undefined`: the reader wants no more */
  persist: <T>(read: () => Promise<T>) => Promise<T | undefined>
}

/** The rows with all their payloads, some MiB at a time; the next ones are fetched while the last ones are looked at. */
export async function* fetchBatches(
  links: Links,
  rows: Row[],
): AsyncGenerator<{ rows: Row[]; entries: ResultEntry[] }> {
  const batches = intoBatches(rows)
  let fetching = fetchLarge(links, batches[0] ?? [])
  for (const [place, batch] of batches.entries()) {
    const entries = await fetching
    if (entries === undefined) return
    fetching = fetchLarge(links, batches[place + 1] ?? [])
    fetching.catch(() => undefined) // heard of when it is waited for
    yield { rows: batch, entries }
  }
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

async function fetchLarge({ redis, jobId, persist }: Links, rows: Row[]): Promise<ResultEntry[] | undefined> {
  const { values } = jobKeys(jobId)
  let wanted = true
  const entries = rows
    .flatMap((row) => row.entries)
    .map(async (entry): Promise<ResultEntry> => {
      if (!('name' in entry)) return entry
      const { header, name, bytes } = entry
      const read = await persist(async () => ({ payload: await readLarge(redis, values, name, bytes) }))
      if (read?.payload) return { header, payload: read.payload }
      wanted &&= read !== undefined
      if (!wanted) return { header, payload: nothing }
      const what = `the result of input ${header.index} of job ${jobId} (${bytes} bytes)`
      throw new BurlaError('JOB_UNKNOWN', `${what} is no longer in Redis. Run the job again.`)
    })
  const fetched = await Promise.all(entries)
  return wanted ? fetched : undefined
}
