/**
 * Places of a job with `maxParallelism`: a slot runs calls only while it has one. The ledger is in Redis.
 *
 *  PL1  There are never more places than `maxParallelism`, and each is under the claim of its node (`take-place.lua`).
 *  PL2  A place is given up when nothing runs for it any more: by its own runner when the call has ended (where it was
 *       killed: when the slot is dead), by the agent when the runner and its slots are dead, and, when a node is lost,
 *       after its runner has had to kill its slots by itself (`claim-watch.ts`).
 *  PL3  Whoever waits hears of a freed place by a message, and looks by itself after it has listened anew.
 */
import { leavePlace, pause, takePlace, untilStored, type Redis } from '@burla/queue'
import { jobKeys, type JobId } from '@burla/protocol'

export interface Places {
  /** Resolves with true when the slot has a place, with false when `signal` ended the wait. */
  take(slot: number, wait: PlaceWait): Promise<boolean>
  /** Resolves when the place is free for others. */
  leave(slot: number): Promise<void>
}

export interface PlaceWait {
  signal: AbortSignal
  /** its call has begun: it is served before those that start */
  comesBack: boolean
}

export interface PlacesOptions {
  redis: Redis
  /** a connection of its own to listen on; asked for when a place has to be waited for */
  listener: () => Redis
  jobId: JobId
  nodeId: string
  runnerId: string
  maxParallelism: number | null
  /** the slots are being killed; what is left of the places ends with the runner */
  over: AbortSignal
  /** a message that was lost with its connection is made good by a look after this time */
  lookEveryMs?: number
}

interface Waiter extends PlaceWait {
  slot: number
  resolve: (taken: boolean) => void
}

export function createPlaces(options: PlacesOptions): Places {
  const { redis, jobId, nodeId, runnerId, maxParallelism, over, lookEveryMs = 1_000 } = options
  if (maxParallelism === null) {
    return { take: (_, { signal }) => Promise.resolve(!signal.aborted), leave: () => Promise.resolve() }
  }
  const most = maxParallelism
  const line: Waiter[] = []
  let listening = false
  let wake: () => void = () => undefined
  const holder = (slot: number) => ({ nodeId, runnerId, slot })

  /** One look at Redis for all who wait: only when the first in line got a place may there be another one. */
  async function serveLine(): Promise<void> {
    for (let first = line[0]; first; first = line[0]) {
      const woken = new Promise<void>((resolve) => (wake = resolve))
      const { slot, signal } = first
      const taken = await unless(signal, () => takePlace(redis, jobId, holder(slot), most))
      if (signal.aborted) {
        // The reply may be on its way.
        await leave(slot)
        remove(first)
        first.resolve(false)
      } else if (taken) {
        remove(first)
        first.resolve(true)
      } else if (listening) await Promise.race([woken, pause(lookEveryMs, signal)])
      else await unless(signal, listen)
    }
  }

  function remove(waiter: Waiter): void {
    line.splice(line.indexOf(waiter), 1)
  }

  /** Whoever is asked for now is first, and leaves the line when that is answered. */
  function giveUp(waiter: Waiter): void {
    const at = line.indexOf(waiter)
    if (at <= 0) return wake()
    remove(waiter)
    waiter.resolve(false)
  }

  /** Resolves when whatever is freed from now on wakes the line. */
  async function listen(): Promise<void> {
    const connection = options.listener()
    connection.on('message', () => wake())
    connection.on('ready', () => wake())
    await connection.subscribe(jobKeys(jobId).freedPlaces)
    listening = true
  }

  async function leave(slot: number): Promise<void> {
    await unless(over, () => leavePlace(redis, jobId, holder(slot)))
  }

  return {
    take(slot, { signal, comesBack }) {
      if (signal.aborted) return Promise.resolve(false)
      return new Promise((resolve) => {
        const onAbort = () => giveUp(waiter)
        const answer = (taken: boolean) => {
          signal.removeEventListener('abort', onAbort)
          resolve(taken)
        }
        const waiter: Waiter = { slot, signal, comesBack, resolve: answer }
        signal.addEventListener('abort', onAbort, { once: true })
        // The first one stays the first: it is being asked for.
        const behind = comesBack ? line.findIndex((other, at) => at > 0 && !other.comesBack) : -1
        line.splice(behind < 0 ? line.length : behind, 0, waiter)
        if (line.length === 1) void serveLine()
      })
    },
    leave,
  }
}

/** Does it when Redis lets it happen; `undefined` when the signal comes first. */
async function unless<T>(signal: AbortSignal, action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await untilStored(action, signal)
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  }
}
