/**
 * Reads what is kept of a job (P6): records of its newest inputs, its first failures, its newest lines. append.lua
 * writes it, bounded, in the same step as the results; it stays for as long as the job's record does. An embedded
 * cluster keeps none: nobody else could ever ask for it.
 */
import type { Redis } from 'ioredis'
import {
  decodeHeads,
  decodeLines,
  historyInputs,
  isFinished,
  jobKeys,
  type CutLines,
  type FailureRecord,
  type FailureRecords,
  type InputRecord,
  type InputRecords,
  type InputState,
  type JobId,
  type JobState,
  type KeptLine,
} from '@burla/protocol'
import { decodeClaims } from './job-hash.ts'
import { pause } from './patience.ts'

/** The note of a failure, see append.lua. */
export function encodeKeptFailure(failure: Omit<FailureRecord, 'finishedAt'>): string {
  return JSON.stringify(failure)
}

/** Those that run now, then the newest 10,000 that have finished, the newest first; at most `limit`. */
export async function readInputs(
  redis: Redis,
  jobId: JobId,
  { state, limit }: { state?: InputState; limit: number },
): Promise<InputRecords> {
  const running = state === undefined || state === 'running' ? await readRunning(redis, jobId) : []
  if (state === 'running' || running.length >= limit) return { inputs: running.slice(0, limit), cut: 0 }
  const batches = await redis.lrange(jobKeys(jobId).records, 0, -1)
  const finished = batches.flatMap(decodeRecords).reverse()
  const all = Number(batches.at(-1)?.split(' ', 1)[0] ?? 0)
  const kept = finished.slice(0, historyInputs)
  const wanted = kept.filter((input) => state === undefined || input.state === state)
  return { inputs: [...running, ...wanted].slice(0, limit), cut: all - kept.length }
}

/** The first 1,000, in the order of their ends; at most `limit` of them. */
export async function readFailures(redis: Redis, jobId: JobId, limit: number): Promise<FailureRecords> {
  const k = jobKeys(jobId)
  const [texts, kept, all] = await Promise.all([
    redis.lrange(k.failures, 0, limit - 1),
    redis.llen(k.failures),
    redis.hget(k.counts, 'failed'),
  ])
  const failures = texts.map((text) => {
    const [at, json] = cutAt(text, text.indexOf(' '))
    return { ...(JSON.parse(json) as Omit<FailureRecord, 'finishedAt'>), finishedAt: Number(at) }
  })
  return { failures, cut: Math.max(0, Number(all ?? 0) - kept) }
}

const entriesPerRead = 50
const lookEveryMs = 250

/**
 * The lines that are kept, in the order in which they came, some at a time. Where lines are missing, because they were
 * too many or because the reader of a busy job is too slow, it says how many.
 * `follow`: goes on until the job is over. `input`: only what this one printed; what is missing counts all lines.
 */
export async function* readLines(
  redis: Redis,
  jobId: JobId,
  { input, follow, signal }: { input?: number; follow: boolean; signal: AbortSignal },
): AsyncGenerator<(KeptLine | CutLines)[]> {
  const k = jobKeys(jobId)
  let seen = { bytes: 0, lines: 0 }
  let from = '-'
  while (!signal.aborted) {
    // Before the lines: of a job that is over there are no more lines than are read after this.
    const state = (await redis.hget(k.record, 'state')) as JobState | null
    const [printed, printedBytes] = await redis.hmget(k.counts, 'lines', 'lineBytes')
    const entries = await redis.xrangeBuffer(k.lines, from, '+', 'COUNT', entriesPerRead)
    for (const [id, [, before, , at, , payload]] of entries) {
      if (!before || !at || !payload) continue
      const bytes = Number.parseInt(id.toString(), 10)
      const lines = decodeLines(payload)
      const missing = { lines: Number(before) - seen.lines, bytes: bytes - seen.bytes }
      if (missing.lines > 0) yield [{ cut: missing }]
      const wanted = lines.filter(({ index }) => input === undefined || index === input)
      yield wanted.map((line) => ({ ...line, index: line.index < 0 ? null : line.index, at: Number(at) }))
      seen = { bytes: bytes + payload.length, lines: Number(before) + lines.length }
      from = `(${id.toString()}`
    }
    if (entries.length > 0) continue
    const missing = { lines: Number(printed) - seen.lines, bytes: Number(printedBytes) - seen.bytes }
    if (missing.lines > 0) {
      yield [{ cut: missing }]
      seen = { lines: Number(printed), bytes: Number(printedBytes) }
    }
    if (!follow || state === null || isFinished(state)) break
    await pause(lookEveryMs, signal)
  }
}

async function readRunning(redis: Redis, jobId: JobId): Promise<InputRecord[]> {
  const k = jobKeys(jobId)
  const [calls, claims, state] = await Promise.all([
    redis.hgetall(k.running),
    redis.hgetall(k.claims),
    redis.hget(k.record, 'state'),
  ])
  const indexes = Object.keys(calls)
  // What a job was running when it ended has ended with it, and has no result.
  if (indexes.length === 0 || state === null || isFinished(state as JobState)) return []
  const attempts = await redis.hmget(k.attempts, ...indexes)
  const nodeOf = new Map(decodeClaims(claims).map(({ runnerId, nodeId }) => [runnerId, nodeId]))
  return indexes.map((index, place) => ({
    index: Number(index),
    state: 'running',
    attempts: Number(attempts[place] ?? 0),
    durationMs: null,
    nodeId: nodeOf.get(calls[index]?.replace(/:\d+$/, '') ?? null) ?? null,
    startedAt: null,
    finishedAt: null,
  }))
}

/** A batch of them was stored at the same moment, which is when the last of them had ended. */
function decodeRecords(text: string): InputRecord[] {
  const [head, heads] = cutAt(text, text.indexOf(' ', text.indexOf(' ') + 1))
  const at = Number(head.split(' ')[1])
  return decodeHeads(heads).flatMap(([, header]) => {
    if (header.type !== 'result') return []
    const { index, status, attempts, durationMs, nodeId } = header
    const state = status === 'ok' ? 'completed' : 'failed'
    return [{ index, state, attempts, durationMs, nodeId, startedAt: Math.round(at - durationMs), finishedAt: at }]
  })
}

function cutAt(text: string, place: number): [string, string] {
  return [text.slice(0, place), text.slice(place + 1)]
}
