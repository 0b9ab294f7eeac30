/** One input in its slot: the call, and what becomes of its outcome. */
import { retry, untilStored, type Inspection, type StateReply } from '@burla/queue'
import { readLargeInput } from '@burla/queue/source'
import { BurlaError } from '@burla/protocol'
import type { Outcome } from '../slots/outcome.ts'
import type { Slot } from '../slots/slot.ts'
import type { RunContext } from './list-run.ts'
import { roomOf, runsAgain } from './memory.ts'
import type { Seat } from './seats.ts'

export interface ListedInput {
  index: number
  /** its encoded bytes as latin1, or, when they are beside the queue, their number */
  value: string | number
  /** what was known before this run */
  before: Inspection
}

/** `answer`: the result is on its way to the stream. Without: somebody else has the input now, or has answered it. */
/** `outOfMemory`: it runs again with more room. */
export type InputEnd =
  { type: 'lost'; outOfMemory: boolean } | { type: 'ended'; durationMs: number; answer?: Promise<StateReply> }

export async function runInput(
  context: RunContext,
  { input, slot, seat }: { input: ListedInput; slot: number; seat: Seat },
): Promise<InputEnd> {
  const { redis, jobId, runnerId, call, slots, memory, over } = context
  const { index, value, before } = input
  const bytes =
    typeof value === 'string'
      ? Buffer.from(value, 'latin1')
      : await untilStored(() => readLargeInput(redis, jobId, index, value), over)
  // Its bytes leave Redis with its result: somebody else has stored one.
  if (bytes === undefined) return { type: 'ended', durationMs: 0 }
  const run = before.attempts + before.losses + before.memoryDeaths + 1
  context.noteBegin({ index, run })
  const { timeoutMs } = call
  const { calls, heapMiB } = roomOf(before.memoryDeaths, memory)
  const about = { index, input: bytes, timeoutMs, run, place: seat, heapMiB, alone: calls === 1 }
  const outcome = await slotOf(slots, slot).call(about)
  if (outcome.type === 'lost' || over.aborted) return { type: 'lost', outOfMemory: false }
  if (outcome.type === 'outOfMemory' && runsAgain(outcome.cause, before.memoryDeaths, memory)) {
    return { type: 'lost', outOfMemory: true }
  }

  const { durationMs } = outcome
  const attempts = before.attempts + 1
  if (outcome.type !== 'value' && attempts <= call.retries) {
    const delayMs = call.retryDelayMs * 2 ** (attempts - 1)
    await untilStored(() => retry(redis, jobId, { runnerId, index, value, attempts, delayMs }), over)
    return { type: 'ended', durationMs }
  }
  return { type: 'ended', durationMs, answer: store(context, { index, slot, attempts }, outcome) }
}

function store(
  { outbox }: RunContext,
  where: { index: number; slot: number; attempts: number },
  outcome: Exclude<Outcome, { type: 'lost' }>,
): Promise<StateReply> {
  const { payload, durationMs } = outcome
  if (outcome.type === 'value') return outbox.result({ ...where, payload, durationMs, status: 'ok' })
  return outbox.result({ ...where, payload, durationMs, status: 'error', failure: outcome.failure })
}

function slotOf(slots: Slot[], number: number): Slot {
  const slot = slots[number]
  if (!slot) throw new BurlaError('INTERNAL', `there is no slot ${number}`)
  return slot
}
