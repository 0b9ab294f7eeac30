/**
 * What becomes of an input that ran out of memory. Pure.
 *
 *  M1  Without `memoryGiB` the calls on a node share its memory. An input whose call dies of it (V8's heap is full, or the
 *      kernel kills it) runs again with fewer beside it, at last alone, and each time its heap may be larger. That uses up
 *      no attempt: who was too much is not known before it has run alone.
 *  M2  With `memoryGiB` each call has its own. A full heap is its own doing then. A kill is not: the kernel takes the
 *      largest when all together were too much, so what was killed runs again with fewer beside it, too.
 *  M3  When there is nothing more to give, the input has its error.
 */
import { lossesPerInput, type CallOptions } from '@burla/protocol'
import type { Inspection } from '@burla/queue'
import type { MemoryCause } from '../slots/outcome.ts'

export interface Memory {
  slots: number
  /** for each call; null: they share */
  memoryGiB: CallOptions['memoryGiB']
  /** all that the slots have together; null: it is not only theirs (processes beside others of this machine) */
  sharedMiB: number | null
  /** V8's limit where nobody sets one */
  ownHeapMiB: number
}

/** For one run of an input. */
export interface Room {
  /** so many calls may run on the node at the same time, with this one */
  calls: number
  /** V8's heap limit; undefined: that of the slot */
  heapMiB: number | undefined
}

/** What is not V8's heap (buffers, code, stacks) and our runner's own process need the rest. */
const heapShare = 0.75
/** After each death the input has so many times the memory. */
const growth = 4

/** V8's heap limit of each slot, where the job says how much memory its calls have. */
export function heapOf({ memoryGiB }: Pick<CallOptions, 'memoryGiB'>): { heapMiB?: number } {
  return memoryGiB === null ? {} : { heapMiB: Math.floor(memoryGiB * 1024 * heapShare) }
}

/** `deaths`: how often the input has run out of memory before. */
export function roomOf(deaths: number, { slots, memoryGiB, sharedMiB, ownHeapMiB }: Memory): Room {
  if (deaths === 0) return { calls: slots, heapMiB: undefined }
  const calls = Math.max(1, Math.floor(slots / growth ** deaths))
  if (memoryGiB !== null || sharedMiB === null) return { calls, heapMiB: undefined }
  const heapMiB = Math.floor((sharedMiB * heapShare) / calls)
  return { calls, heapMiB: heapMiB > ownHeapMiB ? heapMiB : undefined }
}

/** So many calls may run on the node while the input does, with it. The last time before it is given up it is alone, too. */
export function callsBeside({ losses, memoryDeaths }: Inspection, memory: Memory): number {
  return losses === lossesPerInput - 1 ? 1 : roomOf(memoryDeaths, memory).calls
}

/** Whether an input that died so in the room after `deaths` earlier ones is run again. */
export function runsAgain(cause: MemoryCause, deaths: number, memory: Memory): boolean {
  if (cause === 'heap' && memory.memoryGiB !== null) return false
  const [had, next] = [roomOf(deaths, memory), roomOf(deaths + 1, memory)]
  if (next.calls < had.calls) return true
  return cause === 'heap' && (next.heapMiB ?? memory.ownHeapMiB) > (had.heapMiB ?? memory.ownHeapMiB)
}
