/**
 * How many inputs share one BullMQ job (`batch: 'auto'`). One, unless calls were measured and are tiny: then BullMQ's
 * cost for a job outweighs the work in it, and as many inputs share one as make `listWorkMs` of work. A slow input in a
 * list holds nobody up (runners split the list behind it) and the list never takes work from idle slots.
 * A caller who knows better says how many (`batch`). Pure: knows only what it is told.
 */
const listWorkMs = 5
const largestList = 100
/** Below this a call is tiny: a job of BullMQ costs about 0.3 ms of CPU here and there. */
const tinyMs = 1
/** Weight of the newest call in the moving average. */
const newest = 0.05
const enoughMeasured = 10

export interface ListSize {
  /** whether enough calls were measured to say */
  readonly known: boolean
  /** a call took this long */
  measured(durationMs: number): void
  /** how many of `waiting` inputs share one job, with so many slots at work */
  of(waiting: number, slots: number): number
}

/** `unmeasured`: so many share one until enough was measured. */
export function createListSize(batch: number | 'auto' = 'auto', unmeasured = 1): ListSize {
  if (batch !== 'auto') return { known: true, measured: () => undefined, of: () => batch }
  let averageMs = 0
  let count = 0
  return {
    get known() {
      return count >= enoughMeasured
    },
    measured(durationMs) {
      count++
      averageMs += (durationMs - averageMs) * Math.max(newest, 1 / count)
    },
    of(waiting, slots) {
      if (count >= enoughMeasured && averageMs > tinyMs) return 1
      const forWork = Math.floor(listWorkMs / Math.max(averageMs, listWorkMs / largestList))
      const most = count < enoughMeasured ? unmeasured : forWork
      return Math.max(1, Math.min(most, Math.floor(waiting / (2 * slots))))
    },
  }
}
