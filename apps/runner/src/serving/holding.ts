/**
 * How many inputs a runner wants in hand. Beyond one per slot it holds some in advance, but only while measured calls
 * are short: at most `heldWorkMs` of work per slot (design section 6). Pure: knows only what it is told.
 */
import { heldWorkMs } from '@burla/protocol'

/** Weight of the newest call in the moving average. */
const newest = 0.2
/** The most that is held for one slot, however short its calls. */
const mostPerSlot = 100
/** When no call has ended for this long, held inputs stand behind slow calls and go back. */
export const heldPatienceMs = 2 * heldWorkMs

export interface Holding {
  /** A call took this long, measured by its slot. */
  measured(ms: number): void
  /** Held inputs had to go back: calls are not short now. */
  stuck(): void
  /** Inputs wanted in hand, for so many slots. */
  wanted(slots: number): number
}

export function createHolding(): Holding {
  let averageMs = Infinity
  return {
    measured(ms) {
      averageMs = averageMs === Infinity ? ms : averageMs + (ms - averageMs) * newest
    },
    stuck() {
      averageMs = Math.max(averageMs === Infinity ? 0 : averageMs, heldWorkMs * 2)
    },
    wanted(slots) {
      const ahead = averageMs >= heldWorkMs ? 0 : Math.min(mostPerSlot, Math.floor(heldWorkMs / averageMs))
      return slots * (1 + ahead)
    },
  }
}
