/**
 * The way of one input through a runner:
 *
 *   pulled -> [looked at, when it was handed out before] -> waits for a slot -> runs -> stored
 *                 |                                            |               |-> again (an attempt failed, retries left)
 *                 +-> stored: it has a result, or is lost      +-> given back  +-> given back (its slot was lost)
 *
 * `stored` lets BullMQ complete the input; after `gone` it is no longer this runner's.
 */
import {
  giveBack,
  inspect,
  retry,
  untilStored,
  type Inspection,
  type Pulled,
  type Redis,
  type StateReply,
} from '@burla/queue'
import { readLargeInput, type InputEnd, type PulledInput } from '@burla/queue/source'
import {
  BurlaError,
  InputLostError,
  encodeFailure,
  lossesPerInput,
  type CallOptions,
  type JobId,
} from '@burla/protocol'
import type { Outcome } from '../slots/outcome.ts'
import type { Slot } from '../slots/slot.ts'
import type { Holding } from './holding.ts'
import type { Outbox } from './outbox.ts'
import type { Places } from './places.ts'
import type { SlotTurns } from './slot-turns.ts'

export interface RunContext {
  redis: Redis
  jobId: JobId
  runnerId: string
  nodeId: string
  call: CallOptions
  /** by number */
  slots: Slot[]
  turns: SlotTurns
  places: Places
  outbox: Outbox
  holding: Holding
  noteBegin: (index: number) => void
  /** aborted when the runner has nothing to do with the job any more: nothing is stored or given back then */
  over: AbortSignal
  /** aborted when no more calls may start */
  draining: AbortSignal
}

const fresh: Inspection = { hasResult: false, losses: 0, attempts: 0, runsElsewhere: false }

export async function runInput(context: RunContext, input: PulledInput): Promise<InputEnd> {
  const { redis, jobId, runnerId, turns, over } = context
  if (over.aborted) return 'gone'
  const before = input.suspect ? await untilStored(() => inspect(redis, jobId, runnerId, input.index), over) : fresh
  // Pushed again though the first push had arrived: the other one is on its way.
  const isDouble = input.suspect && input.bullId === `i${input.index}` && before.attempts > 0
  if (before.hasResult || isDouble) return 'stored'
  if (before.losses >= lossesPerInput) {
    return storeError(context, input, before, lostError(input.index))
  }

  const slot = await turns.take(before.losses === lossesPerInput - 1)
  if (slot === undefined) return putBack(context, input, false)
  try {
    if (!(await context.places.take(slot, context.draining))) return await putBack(context, input, false)
    try {
      return await runInSlot(context, { input, slot, before })
    } finally {
      await context.places.leave(slot)
    }
  } finally {
    turns.leave(slot)
  }
}

interface Run {
  input: PulledInput
  slot: number
  before: Inspection
}

async function runInSlot(context: RunContext, run: Run): Promise<InputEnd> {
  const { redis, jobId, runnerId, call, slots, holding, over } = context
  const { input, slot, before } = run
  const bytes = input.inline ?? (await untilStored(() => readLargeInput(redis, jobId, input.index), over))
  if (bytes === undefined) {
    // Its bytes leave Redis with its result: somebody else has stored one.
    return 'stored'
  }
  context.noteBegin(input.index)
  const runs = before.attempts + before.losses + 1
  const outcome = await slotOf(slots, slot).call({
    index: input.index,
    input: bytes,
    timeoutMs: call.timeoutMs,
    run: runs,
  })
  if (outcome.type !== 'lost') holding.measured(outcome.durationMs)
  if (over.aborted) return 'gone'
  if (outcome.type === 'lost') return putBack(context, input, true)

  const attempts = before.attempts + 1
  if (outcome.type === 'error' && attempts <= call.retries) {
    const delayMs = call.retryDelayMs * 2 ** (attempts - 1)
    await untilStored(() => retry(redis, jobId, { runnerId, pulled: input, attempts, delayMs }), over)
    return 'gone'
  }
  return store(context, run, outcome)
}

function slotOf(slots: Slot[], number: number): Slot {
  const slot = slots[number]
  if (!slot) throw new BurlaError('INTERNAL', `there is no slot ${number}`)
  return slot
}

async function store(
  { outbox, nodeId }: RunContext,
  { input, slot, before }: Run,
  outcome: Exclude<Outcome, { type: 'lost' }>,
): Promise<InputEnd> {
  const header = {
    type: 'result' as const,
    index: input.index,
    status: outcome.type === 'value' ? ('ok' as const) : ('error' as const),
    attempts: before.attempts + 1,
    durationMs: outcome.durationMs,
    nodeId,
    slot,
  }
  return endOf(await outbox.result(header, outcome.payload))
}

async function storeError(
  { outbox, nodeId }: RunContext,
  { index }: Pulled,
  { attempts }: Inspection,
  error: BurlaError,
): Promise<InputEnd> {
  const header = { type: 'result' as const, index, status: 'error' as const, attempts, durationMs: 0, nodeId, slot: -1 }
  return endOf(await outbox.result(header, encodeFailure(error)))
}

function endOf(state: StateReply): InputEnd {
  return state === 'gone' ? 'gone' : 'stored'
}

/** `lost`: it was running and its slot was lost, which counts against it. */
async function putBack(context: RunContext, input: Pulled, lost: boolean): Promise<'gone'> {
  const { redis, jobId, runnerId, over } = context
  if (!over.aborted) {
    await untilStored(() => giveBack(redis, jobId, { runnerId, inputs: [input], lost }), over)
  }
  return 'gone'
}

function lostError(index: number): BurlaError {
  return new InputLostError(
    'INPUT_LOST',
    `input ${index} was running on ${lossesPerInput} runners that were lost, the last time alone; it is not tried again. ` +
      'It may have killed them: run the function on this input by itself, with more memory.',
    { inputIndex: index },
  )
}
