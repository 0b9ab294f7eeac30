/**
 * The way of a list of inputs through a runner:
 *
 *   pulled -> [looked at, when it was handed out before] -> waits for a slot -> its inputs run there, one after another
 *
 *   an input ends    stored     its result is in the stream
 *                    retried    an attempt failed and a BullMQ job of its own has the next one
 *                    skipped    it has a result, or another job has its next attempt
 *   the list ends    `stored`   all its inputs ended: BullMQ completes it
 *                    `gone`     it was put back: a slot was lost under it, or the runner starts nothing more
 *
 * What is behind a slow input does not wait for it: `splitOff` makes a list of its own of it.
 */
import {
  giveBack,
  inspect,
  split,
  untilStored,
  type BegunCall,
  type Inspection,
  type InputData,
  type Redis,
  type StateReply,
} from '@burla/queue'
import type { ListEnd, PulledList } from '@burla/queue/source'
import {
  BurlaError,
  encodeFailure,
  lossesPerInput,
  summarizeFailure,
  type CallOptions,
  type JobId,
} from '@burla/protocol'
import type { Slot } from '../slots/slot.ts'
import { lostError, unknownCodec } from './answers-without-run.ts'
import type { Holding } from './holding.ts'
import { runInput, type ListedInput } from './input-run.ts'
import { callsBeside, type Memory } from './memory.ts'
import type { Outbox } from './outbox.ts'
import type { Seat, Seats } from './seats.ts'
import type { SlotTurns } from './slot-turns.ts'

export interface RunContext {
  redis: Redis
  jobId: JobId
  runnerId: string
  nodeId: string
  call: CallOptions
  /** by number */
  slots: Slot[]
  memory: Memory
  turns: SlotTurns
  seats: Seats
  outbox: Outbox
  holding: Holding
  noteBegin: (call: BegunCall) => void
  /** lists whose inputs run now */
  running: Set<RunningList>
  /** aborted when the runner has nothing to do with the job any more: nothing is stored or given back then */
  over: AbortSignal
  /** aborted when no more calls may start */
  draining: AbortSignal
}

export interface RunningList {
  /** since when the input that runs now has been running (`performance.now`) */
  readonly since: number
  /** inputs that wait behind it */
  readonly behind: number
  splitOff(): Promise<void>
}

export async function runList(context: RunContext, list: PulledList): Promise<ListEnd> {
  const { slots, turns, seats, memory, over, draining } = context
  if (over.aborted) return 'gone'
  const answers: Promise<StateReply>[] = []
  const inputs = await lookAt(context, list, answers)
  if (inputs.length === 0) return endOf(answers)

  const most = Math.min(...inputs.map(({ before }) => callsBeside(before, memory)))
  const slot = await turns.take(most)
  if (slot === undefined) return putBack(context, list, { untouched: true })
  try {
    if (most === 1) await emptyOthers(slots, slot)
    const cut = await inSeat(seats, slot, (seat) => runInputs(context, { list, slot, seat, inputs, answers }))
    if (over.aborted) return 'gone'
    return cut ? await putBack(context, list, cut, answers) : await endOf(answers)
  } finally {
    // A slot whose process has died is nobody's turn until it has another one: those that are ready are faster.
    const ready = draining.aborted ? undefined : slots[slot]?.ready()
    void Promise.resolve(ready).then(() => turns.leave(slot))
  }
}

/** Why the list did not come to its end. */
interface Cut {
  /** none of it was started */
  untouched: boolean
  /** this input was running when its slot was lost, or ran out of memory */
  lostIndex?: number
  outOfMemory?: boolean
}

/** The seat is free again when nothing runs in it any more; results that are on their way do not need it. */
async function inSeat(
  seats: Seats,
  slot: number,
  run: (seat: Seat) => Promise<Cut | undefined>,
): Promise<Cut | undefined> {
  const seat = await seats.take(slot)
  if (!seat) return { untouched: true }
  try {
    return await run(seat)
  } finally {
    await seat.leave()
  }
}

/** Processes that have run calls keep much of what those used: whoever runs alone has that, too. */
async function emptyOthers(slots: Slot[], own: number): Promise<void> {
  await Promise.all(slots.filter((_, number) => number !== own).map((slot) => slot.kill()))
}

const fresh: Inspection = { hasResult: false, losses: 0, memoryDeaths: 0, attempts: 0 }

/** The inputs of the list that are to be run; those that were lost too often are answered here. */
async function lookAt(context: RunContext, { data, suspect }: PulledList, answers: Promise<StateReply>[]) {
  const { redis, jobId, over } = context
  const attempts = data.a ?? 0
  const inputs: ListedInput[] = data.i.map((index, place) => ({
    index,
    value: data.v[place] ?? '',
    before: { ...fresh, attempts },
  }))
  const unknown = unknownCodec(data)
  if (unknown) {
    for (const input of inputs) answers.push(storeWithoutRun(context, input, unknown))
    return []
  }
  if (!suspect) return inputs
  const looked = await Promise.all(
    inputs.map(async (input) => ({
      ...input,
      before: await untilStored(() => inspect(redis, jobId, input.index), over),
    })),
  )
  return looked.filter((input) => {
    const { before, index } = input
    if (before.hasResult || before.attempts > attempts) return false
    if (before.losses < lossesPerInput) return true
    answers.push(storeWithoutRun(context, input, lostError(index)))
    return false
  })
}

interface Run {
  list: PulledList
  slot: number
  seat: Seat
  inputs: ListedInput[]
  answers: Promise<StateReply>[]
}

/** Resolves when nothing of the list runs any more; results may still be on their way. */
async function runInputs(context: RunContext, { list, slot, seat, inputs, answers }: Run): Promise<Cut | undefined> {
  const { holding, running, draining, over } = context
  let place = 0
  let since = performance.now()
  let workMs = 0
  const self: RunningList = {
    get since() {
      return since
    },
    get behind() {
      return inputs.length - place - 1
    },
    async splitOff() {
      const goes = inputs.splice(place + 1)
      if (goes.length > 0) await splitList(context, list, goes)
    },
  }
  running.add(self)
  try {
    for (; place < inputs.length; place++) {
      const input = inputs[place]
      if (!input) break
      if (place > 0 && draining.aborted) return { untouched: false }
      since = performance.now()
      const end = await runInput(context, { input, slot, seat })
      if (over.aborted) return undefined
      if (end.type === 'lost') return { untouched: false, lostIndex: input.index, outOfMemory: end.outOfMemory }
      workMs += end.durationMs
      if (end.answer) answers.push(end.answer)
    }
  } finally {
    running.delete(self)
  }
  holding.measured(workMs)
  return undefined
}

/** The list is over when Redis has acknowledged all its results (P1). */
async function endOf(answers: Promise<StateReply>[]): Promise<ListEnd> {
  const states = await Promise.all(answers)
  return states.includes('gone') ? 'gone' : 'stored'
}

/** Results that are under way arrive first: whoever gets the list next shall see them. */
async function putBack(
  { redis, jobId, runnerId, over }: RunContext,
  { bullId, token }: PulledList,
  how: Cut,
  answers: Promise<StateReply>[] = [],
): Promise<'gone'> {
  await Promise.all(answers)
  if (!over.aborted) await untilStored(() => giveBack(redis, jobId, { bullId, token, runnerId, ...how }), over)
  return 'gone'
}

async function splitList({ redis, jobId, over }: RunContext, { bullId, token, data }: PulledList, goes: ListedInput[]) {
  const gone = new Set(goes.map(({ index }) => index))
  const pick = (wanted: (index: number) => boolean) => ({
    c: data.c,
    i: data.i.filter(wanted),
    v: data.v.filter((_, place) => wanted(data.i[place] ?? -1)),
  })
  const stays = pick((index) => !gone.has(index))
  await untilStored(() => split(redis, jobId, { bullId, token, stays, goes: pick((i) => gone.has(i)) }), over)
}

/** BullMQ has given a list up, for a reason of its own: that is the result of its inputs which have none. */
export function storeFailed(context: RunContext, { i }: InputData, cause: Error): void {
  for (const index of i) {
    const message = `input ${index}: BullMQ has given it up (${cause.message}). Please report this.`
    const error = new BurlaError('INTERNAL', message, { cause, inputIndex: index })
    void storeWithoutRun(context, { index, value: '', before: fresh }, error)
  }
}

function storeWithoutRun({ outbox }: RunContext, { index, before }: ListedInput, error: BurlaError) {
  return outbox.result({
    index,
    status: 'error',
    attempts: before.attempts,
    durationMs: 0,
    slot: -1,
    payload: encodeFailure(error),
    failure: summarizeFailure(error),
  })
}
