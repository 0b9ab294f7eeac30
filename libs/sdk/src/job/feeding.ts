/**
 * Inputs on their way to the job's queue:
 *
 *   iterable --pull, encode--> waiting --push, at most two chunks under way--> stored
 *
 * Chunks grow from a few inputs to 500: the first result comes early, and large chunks cost least per input. Where
 * inputs come slowly, whatever is waiting leaves when one of the two places is free, so a single input leaves at once.
 *
 * The first inputs are a probe: until their calls were measured, or some time has passed, no more are pushed, because
 * many tiny ones travel far better together (`list-size.ts`) and what was pushed alone stays alone.
 */
import type { JobConnection } from '@burla/queue'
import type { InputSource } from './inputs.ts'
import { createListSize } from './list-size.ts'
import type { Window } from './windows.ts'
import { startPulling, type EncodedInput } from './pulling.ts'

/** `addBulk` is cheapest from 500 inputs on, with two chunks under way (research/performance.md, section 2). */
const largestChunk = 500
const firstChunk = 20
const chunkBytes = 4 * 1024 * 1024
const chunksUnderWay = 2
/** Enough to keep every slot of a node busy until the first results are back. */
const probeInputs = 200
const probeMs = 300
/** How often the count of an iterable without a length is told, at most. */
const announceEveryMs = 100

export type FeedTarget = Pick<JobConnection, 'push' | 'announce'>

export interface Feeding {
  /** Whether there is any input at all: known when the first one was pulled. */
  readonly any: Promise<boolean>
  /** Inputs known so far: the iterable's own count where it has one. */
  readonly known: number
  readonly ended: boolean
  /** Every input was pulled and its result taken. */
  readonly complete: boolean
  /** Starts to push. `known` is what the cluster was told when the job was made. */
  connect(target: FeedTarget, known: number): void
  /** The result of an input was taken, which makes room. False when it was taken before (P1). */
  taken(index: number, durationMs: number): boolean
  setSlots(slots: number): void
  /** Resolves when the cluster has been told how many inputs there are. */
  announced(): Promise<void>
  /** Pulls and pushes no more; resolves when the iterable has cleaned up. */
  stop(): Promise<void>
}

export interface FeedingParts<I> {
  source: InputSource<I>
  window: Window
  batch: number | 'auto'
  encode: (input: I, index: number) => Buffer
  /** the iterable has no more */
  onEnd: () => void
  onFailure: (error: unknown) => void
}

export function startFeeding<I>(parts: FeedingParts<I>): Feeding {
  const { source, window, batch, encode, onEnd, onFailure } = parts
  const waiting: EncodedInput[] = []
  const listSize = createListSize(batch)
  let slots = 1
  let target: FeedTarget | undefined
  let chunkSize = batch === 'auto' ? firstChunk : Math.max(firstChunk, batch)
  let underWay = 0
  let pushedInputs = 0
  let probeTimer: NodeJS.Timeout | undefined
  let probing = true
  let pumpScheduled = false
  let stopped = false
  let pulled = 0
  let ended = false
  let announcing = Promise.resolve()
  let announced = { known: 0, ended: false }
  let announceAt = 0
  let announceTimer: NodeJS.Timeout | undefined
  let answerAny: (any: boolean) => void = () => undefined
  const any = new Promise<boolean>((resolve) => (answerAny = resolve))

  const pulling = startPulling({
    source,
    window,
    encode,
    onFailure,
    onInput(input) {
      pulled++
      waiting.push(input)
      answerAny(true)
      schedulePump()
    },
    onEnd() {
      ended = true
      answerAny(pulled > 0)
      schedulePump()
      onEnd()
    },
  })

  /** In a microtask, so that inputs pulled in one go leave in one chunk. */
  function schedulePump() {
    if (pumpScheduled) return
    pumpScheduled = true
    queueMicrotask(() => {
      pumpScheduled = false
      pump()
    })
  }

  function pump() {
    if (!target || stopped) return
    while (waiting.length > 0 && underWay < chunksUnderWay && mayPush()) {
      underWay++
      const size = listSize.of(waiting.length, slots)
      target.push(nextChunk(size), size).then(pushed, onFailure)
    }
    announce(target)
  }

  function mayPush(): boolean {
    probing &&= !listSize.known
    return !probing || pushedInputs < probeInputs
  }

  function pushed() {
    underWay--
    pump()
  }

  /** Whole lists, where there are enough inputs for one. */
  function nextChunk(listSize: number): EncodedInput[] {
    let count = 0
    let bytes = 0
    const most = Math.min(waiting.length, chunkSize, probing ? probeInputs - pushedInputs : Infinity)
    while (count < most && bytes < chunkBytes) bytes += waiting[count++]!.bytes.length
    if (count > listSize && count < waiting.length) count -= count % listSize
    chunkSize = Math.min(largestChunk, chunkSize * 5)
    pushedInputs += count
    return waiting.splice(0, count)
  }

  function announce(to: FeedTarget) {
    const known = knownNow()
    if (announced.ended || (known === announced.known && !ended)) return
    const early = announceAt - performance.now()
    if (!ended && early > 0) {
      // unref'ed: the job itself keeps the program alive
      announceTimer ??= setTimeout(announceLater, early).unref()
      return
    }
    announced = { known, ended }
    announceAt = performance.now() + announceEveryMs
    const told = announced
    announcing = announcing.then(() => to.announce(told))
    announcing.catch(onFailure)
  }

  function announceLater() {
    announceTimer = undefined
    pump()
  }

  function knownNow() {
    return ended ? pulled : Math.max(source.known ?? 0, pulled)
  }

  return {
    any,
    get known() {
      return knownNow()
    },
    get ended() {
      return ended
    },
    get complete() {
      return ended && window.inputs === 0
    },
    connect(connection, known) {
      target = connection
      announced = { known, ended: false }
      // unref'ed: the job itself keeps the program alive
      probeTimer = setTimeout(() => {
        probing = false
        pump()
      }, probeMs).unref()
      pump()
    },
    taken(index, durationMs) {
      listSize.measured(durationMs)
      const first = window.remove(index)
      if (first) pulling.resume()
      if (probing && listSize.known) schedulePump()
      return first
    },
    setSlots(count) {
      slots = Math.max(1, count)
      window.setSlots(count)
      pulling.resume()
    },
    announced: () => announcing,
    async stop() {
      stopped = true
      clearTimeout(announceTimer)
      clearTimeout(probeTimer)
      waiting.length = 0
      await pulling.stop()
    },
  }
}
