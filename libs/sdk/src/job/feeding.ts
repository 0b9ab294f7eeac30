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
import { encodingMemory } from './encoding-memory.ts'
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
/**
 * Of a job that is left alone nobody waits for the first result, and no later inputs can make up for those that went
 * alone: its probe takes longer, and what is pushed unmeasured goes in short lists. Runners split what turns out slow.
 */
const probeOfStoredMs = 1_000
const unmeasuredList = 10
/** How often the count of an iterable without a length is told, at most. */
const announceEveryMs = 100

export interface FeedTarget extends Pick<JobConnection, 'push'> {
  /** `ended`: all inputs were pulled, and pushed */
  announce(inputs: { known: number; ended: boolean }): Promise<unknown>
}

export interface Feeding {
  /** Whether there is any input at all: known when the first one was pulled. */
  readonly any: Promise<boolean>
  /** Inputs known so far: the iterable's own count where it has one. */
  readonly known: number
  readonly ended: boolean
  /** Every input was pulled and has left the window. */
  readonly complete: boolean
  /** Starts to push. `known` is what the cluster was told when the job was made. */
  connect(target: FeedTarget, known: number): void
  /** The result of an input was taken, which makes room. False when it was taken before (P1). */
  taken(index: number, durationMs: number): boolean
  /** A call took this long. Where results are taken, that says it. */
  measured(durationMs: number): void
  /** How many inputs share one place in the queue is settled. */
  readonly measuredEnough: boolean
  setSlots(slots: number): void
  /** Resolves when the cluster has been told that all inputs are in the queue. */
  announced(): Promise<void>
  /** Pulls and pushes no more; resolves when the iterable has cleaned up. */
  stop(): Promise<void>
}

export interface FeedingParts<I> {
  source: InputSource<I>
  window: Window
  /** an input is in the window until its result is taken, or only until it is stored in the queue */
  until?: 'taken' | 'stored'
  batch: number | 'auto'
  encode: (input: I, index: number) => Buffer
  /** the iterable has no more */
  onEnd: () => void
  onFailure: (error: unknown) => void
}

export function startFeeding<I>(parts: FeedingParts<I>): Feeding {
  const { source, window, until = 'taken', batch, encode, onEnd, onFailure } = parts
  const waiting: EncodedInput[] = []
  const listSize = createListSize(batch, until === 'stored' ? unmeasuredList : 1)
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
  let announcing: Promise<unknown> = Promise.resolve()
  let announced = { known: 0, ended: false }
  let announceAt = 0
  let announceTimer: NodeJS.Timeout | undefined
  let answerAny: (any: boolean) => void = () => undefined
  const any = new Promise<boolean>((resolve) => (answerAny = resolve))
  let answerAnnounced: () => void = () => undefined
  const allAnnounced = new Promise<void>((resolve) => (answerAnnounced = resolve))

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
      const size = probing && batch === 'auto' ? 1 : listSize.of(waiting.length, slots)
      const chunk = nextChunk(size)
      target.push(chunk, size).then(() => pushed(chunk), onFailure)
    }
    announce(target)
  }

  function measured(durationMs: number) {
    listSize.measured(durationMs)
    if (probing && listSize.known) schedulePump()
  }

  function mayPush(): boolean {
    probing &&= !listSize.known
    return !probing || pushedInputs < probeInputs
  }

  function pushed(chunk: EncodedInput[]) {
    underWay--
    for (const { bytes } of chunk) encodingMemory.giveBack(bytes)
    if (until === 'stored') {
      for (const { index } of chunk) window.remove(index)
      pulling.resume()
    }
    pump()
  }

  /** Whole lists, where there are enough inputs for one. */
  function nextChunk(size: number): EncodedInput[] {
    let count = 0
    let bytes = 0
    const most = Math.min(waiting.length, chunkSize, probing ? probeInputs - pushedInputs : Infinity)
    while (count < most && bytes < chunkBytes) bytes += waiting[count++]!.bytes.length
    if (count > size && count < waiting.length) count -= count % size
    chunkSize = Math.max(chunkSize, Math.min(largestChunk, chunkSize * 5))
    pushedInputs += count
    return waiting.splice(0, count)
  }

  function announce(to: FeedTarget) {
    const known = knownNow()
    const isEnd = ended && waiting.length === 0 && underWay === 0
    if (announced.ended || (known === announced.known && !isEnd)) return
    const early = announceAt - performance.now()
    if (!isEnd && early > 0) {
      // unref'ed: the job itself keeps the program alive
      announceTimer ??= setTimeout(announceLater, early).unref()
      return
    }
    const told = { known, ended: isEnd }
    announced = told
    announceAt = performance.now() + announceEveryMs
    announcing = announcing.then(() => to.announce(told))
    announcing.then(() => isEnd && answerAnnounced(), onFailure)
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
      probeTimer = setTimeout(
        () => {
          probing = false
          pump()
        },
        until === 'stored' ? probeOfStoredMs : probeMs,
      ).unref()
      pump()
    },
    measured,
    get measuredEnough() {
      return listSize.known
    },
    taken(index, durationMs) {
      const first = window.remove(index)
      if (first) pulling.resume()
      measured(durationMs)
      return first
    },
    setSlots(count) {
      slots = Math.max(1, count)
      window.setSlots(count)
      pulling.resume()
    },
    announced: () => allAnnounced,
    async stop() {
      stopped = true
      clearTimeout(announceTimer)
      clearTimeout(probeTimer)
      waiting.length = 0
      await pulling.stop()
    },
  }
}
