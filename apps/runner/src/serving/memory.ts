/** How much memory a call may use. */
import type { CallOptions } from '@burla/protocol'

/** What is not V8's heap (buffers, code, stacks) and our runner's own process need the rest. */
const heapShare = 0.75

/** V8's heap limit of each slot, where the job says how much memory its calls have. */
export function heapOf({ memoryGiB }: Pick<CallOptions, 'memoryGiB'>): { heapMiB?: number } {
  return memoryGiB === null ? {} : { heapMiB: Math.floor(memoryGiB * 1024 * heapShare) }
}
