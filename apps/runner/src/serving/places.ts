/**
 * Places of a job with `maxParallelism`: a slot runs a call only while it has one. A freed place is seen by every
 * runner that waits for one within `lookEveryMs` (section 2 of the design: 100 ms).
 */
import { leavePlace, pause, takePlace, untilStored, type Redis } from '@burla/queue'
import type { JobId } from '@burla/protocol'

const lookEveryMs = 25

export interface Places {
  /** Resolves with true when the slot has a place, with false when `signal` ended first. */
  take(slot: number, signal: AbortSignal): Promise<boolean>
  leave(slot: number): Promise<void>
}

export function createPlaces(options: {
  redis: Redis
  jobId: JobId
  runnerId: string
  maxParallelism: number | null
}): Places {
  const { redis, jobId, runnerId, maxParallelism } = options
  if (maxParallelism === null) {
    return { take: (_, signal) => Promise.resolve(!signal.aborted), leave: () => Promise.resolve() }
  }
  const nameOf = (slot: number) => `${runnerId}:${slot}`
  return {
    async take(slot, signal) {
      while (!signal.aborted) {
        if (await untilStored(() => takePlace(redis, jobId, nameOf(slot), maxParallelism))) return true
        await pause(lookEveryMs, signal)
      }
      return false
    },
    leave: (slot) => untilStored(() => leavePlace(redis, jobId, nameOf(slot))),
  }
}
