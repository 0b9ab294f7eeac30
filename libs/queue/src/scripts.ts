/** Typed wrappers of the scripts that move inputs and jobs. */
import type { Redis } from 'ioredis'
import {
  codecVersion,
  historyFailures,
  historyInputs,
  historyLineBytes,
  jobKeys,
  type JobId,
  type JobState,
} from '@burla/protocol'
import type { InputData } from './input-data.ts'
import { writeLarge } from './large-values.ts'
import { runScript as call, runScriptForBytes } from './run-script.ts'

export type StateReply = JobState | 'gone'

/** A result, or with an empty `index` lines, on its way to the stream. */
export interface Appended {
  index: number | ''
  status: 'ok' | 'error' | ''
  header: string
  payload: Buffer
  /** for the history: of an error its `KeptFailure` as JSON, of lines their number */
  note: string | number
}

/** `missing`: a large payload that was stored before is gone again; the batch is to be sent again. */
export type AppendState = StateReply | 'missing'

/** Payloads above this go beside the stream: measured, Lua and the stream copy a MiB for 3 ms, a hash for 1 ms. */
const largestInStream = 32 * 1024

export async function append(
  redis: Redis,
  jobId: JobId,
  batch: { runnerId: string; number: number; entries: Appended[] },
): Promise<{ state: AppendState; untakenBytes: number }> {
  const k = jobKeys(jobId)
  const writes: Promise<void>[] = []
  const entries = batch.entries.flatMap((e): (string | number | Buffer)[] => {
    const isLarge = e.index !== '' && e.payload.length > largestInStream
    if (!isLarge) return [String(e.index), e.status, e.header, e.payload, e.note, '']
    writes.push(writeLarge(redis, k.values, `${batch.runnerId}/${batch.number}/${writes.length}`, e.payload))
    return [String(e.index), e.status, e.header, '', e.note, e.payload.length]
  })
  const reply = call(
    redis,
    'append',
    [
      ...[k.record, k.results, k.done, k.counts, k.running, k.batches, k.attempts, k.losses, k.inputs],
      ...[k.claims, k.records, k.failures, k.lines, k.values],
    ],
    [
      ...[batch.runnerId, batch.number, Date.now(), historyInputs, historyFailures, historyLineBytes, codecVersion],
      ...entries,
    ],
  )
  const [replied] = await Promise.all([reply, ...writes])
  const [state, untakenBytes] = replied as [AppendState, number]
  return { state, untakenBytes }
}

/** `run` counts the times that the input was started, see `callId`. */
export interface BegunCall {
  index: number
  run: number
}

export async function begin(redis: Redis, jobId: JobId, runnerId: string, calls: BegunCall[]): Promise<StateReply> {
  const k = jobKeys(jobId)
  const args = [runnerId, Date.now(), ...calls.flatMap(({ index, run }) => [index, run])]
  return (await call(redis, 'begin', [k.record, k.running], args)) as StateReply
}

/** What is known of an input that was handed out before. */
export interface Inspection {
  hasResult: boolean
  losses: number
  /** how often it ran out of memory and was to run again */
  memoryDeaths: number
  attempts: number
}

export async function inspect(redis: Redis, jobId: JobId, index: number): Promise<Inspection> {
  const k = jobKeys(jobId)
  const reply = await call(redis, 'inspect', [k.done, k.losses, k.attempts], [index])
  const [done, losses, memoryDeaths, attempts] = reply as [number, number, number, number]
  return { hasResult: done === 1, losses, memoryDeaths, attempts }
}

/** A list of inputs as BullMQ handed it to a runner. */
export interface Pulled {
  bullId: string
  token: string
}

/** False: somebody else has answered the input or tries it again already. */
export async function retry(
  redis: Redis,
  jobId: JobId,
  input: { runnerId: string; index: number; value: string | number; attempts: number; delayMs: number },
): Promise<boolean> {
  const { runnerId, index, value, attempts, delayMs } = input
  const k = jobKeys(jobId)
  const q = k.queue
  const id = `i${index}r${attempts}`
  const data: InputData = { c: codecVersion, i: [index], v: [value], a: attempts }
  const reply = await call(
    redis,
    'retry',
    [k.record, q.wait, q.delayed, q.marker, k.attempts, k.running, k.done, q.job(id)],
    [id, JSON.stringify(data), index, attempts, delayMs, Date.now(), runnerId],
  )
  return reply === 1
}

/**
 * Puts a list back. `lostIndex`: that input was running and its slot was lost, or it ran `outOfMemory`; `untouched`: none
 * of it was started.
 */
export async function giveBack(
  redis: Redis,
  jobId: JobId,
  list: Pulled & { runnerId: string; lostIndex?: number; outOfMemory?: boolean; untouched: boolean },
): Promise<boolean> {
  const { bullId, token, runnerId, lostIndex = '', outOfMemory = false, untouched } = list
  const k = jobKeys(jobId)
  const q = k.queue
  const job = q.job(bullId)
  const reply = await call(
    redis,
    'give-back',
    [k.record, q.active, q.wait, q.marker, q.stalled, k.running, k.losses, job, `${job}:lock`],
    [bullId, token, runnerId, lostIndex, untouched ? '1' : '0', outOfMemory ? '1' : '0'],
  )
  return reply === 1
}

/** The list keeps `stays`; `goes` becomes a list of its own that others may pull at once. */
export async function split(
  redis: Redis,
  jobId: JobId,
  { bullId, token, stays, goes }: Pulled & { stays: InputData; goes: InputData },
): Promise<boolean> {
  const k = jobKeys(jobId)
  const q = k.queue
  const job = q.job(bullId)
  const id = `i${goes.i[0]}x${goes.i.length}of${bullId}`
  const reply = await call(
    redis,
    'split',
    [k.record, q.wait, q.marker, job, `${job}:lock`, q.job(id)],
    [token, JSON.stringify(stays), id, JSON.stringify(goes), Date.now()],
  )
  return reply === 1
}

/** Declares a runner lost: all that it had pulled goes back. */
export async function loseRunner(redis: Redis, jobId: JobId, runnerId: string): Promise<number> {
  const k = jobKeys(jobId)
  const q = k.queue
  const keys = [q.active, q.wait, q.marker, q.stalled, k.running, k.losses, k.places, k.record, k.batches, k.values]
  return (await call(redis, 'lose', keys, [q.jobs, runnerId, k.freedPlaces])) as number
}

export async function cancel(
  redis: Redis,
  jobId: JobId,
  end: { outcome: 'cancelled' | 'failed'; reason: string },
): Promise<StateReply> {
  const k = jobKeys(jobId)
  return (await call(redis, 'cancel', [k.record, k.claims], [end.outcome, end.reason, Date.now()])) as StateReply
}

export async function announce(
  redis: Redis,
  jobId: JobId,
  inputs: { known: number; ended: boolean },
): Promise<StateReply> {
  const k = jobKeys(jobId)
  const args = [inputs.known, inputs.ended ? '1' : '0', Date.now()]
  return (await call(redis, 'announce', [k.record, k.counts], args)) as StateReply
}

/** `values`: fields of large payloads that were taken. */
export async function take(
  redis: Redis,
  jobId: JobId,
  { firstKept, bytes, values }: { firstKept: string; bytes: number; values: string[] },
): Promise<void> {
  const k = jobKeys(jobId)
  await call(redis, 'take', [k.results, k.counts, k.values], [firstKept, bytes, ...values])
}

/** One small command that must also work when Redis is full. */
export function evenWhenFull(redis: Redis, command: string, key: string, ...args: (string | number)[]) {
  return call(redis, 'even-when-full', [key], [command, ...args])
}

export async function readKept(
  redis: Redis,
  jobId: JobId,
  { after, mostBytes, mostEntries }: { after: string; mostBytes: number; mostEntries: number },
): Promise<{ state: StateReply; reason: string; known: number; entries: [Buffer, Buffer[]][] }> {
  const k = jobKeys(jobId)
  const reply = await runScriptForBytes(redis, 'read-kept', [k.record, k.results], [after, mostBytes, mostEntries])
  const [state, reason, known, ...entries] = reply as [Buffer, Buffer, number, ...[Buffer, Buffer[]][]]
  return { state: state.toString() as StateReply, reason: reason.toString(), known, entries }
}
