/**
 * A seat is what a slot needs to run calls: CPUs of the node (`room.ts`) and, under `maxParallelism`, a place of the job
 * (`places.ts`). The inputs of a list have one after another the same seat.
 *
 *   taken -> (a call waits for a job that it has started) left for now -> taken again -> left
 *
 *  SE1  A call that waits holds nothing but its slot, so that no chain of jobs inside calls can hold what its own end needs.
 *  SE2  Whoever comes back is not turned away by draining: its call has begun.
 *  SE3  What is done to one seat is done one after another.
 */
import type { CallPlace } from '../slots/running-call.ts'
import type { Places, PlaceWait } from './places.ts'
import type { Room } from './room.ts'

export interface Seat extends CallPlace {
  /** Resolves when others can have it. */
  leave(): Promise<void>
}

export interface Seats {
  /** Resolves with `undefined` when no more calls may start. */
  take(slot: number): Promise<Seat | undefined>
  /** calls that wait for a job which they have started */
  readonly waiting: number
  /** slots that wait for room, to start calls */
  readonly waitingForRoom: number
}

interface SeatsOptions {
  room: Room
  cpus: number
  places: Places
  /** aborted when no more calls may start; as of now: a wait for room begins anew after each */
  mayStart: () => AbortSignal
  over: AbortSignal
  /** its room is free now */
  onWaits: () => void
}

export function createSeats({ room, cpus, places, mayStart, over, onWaits }: SeatsOptions): Seats {
  let waitingForRoom = 0
  let waiting = 0

  /** The place first: whoever has CPUs runs. */
  async function sitDown(slot: number, wait: PlaceWait): Promise<boolean> {
    if (!(await places.take(slot, wait))) return false
    if (!wait.comesBack) waitingForRoom++
    const hasRoom = await room.take(cpus, wait)
    if (!wait.comesBack) waitingForRoom--
    if (!hasRoom) await places.leave(slot)
    return hasRoom
  }

  async function getUp(slot: number): Promise<void> {
    room.leave(cpus)
    await places.leave(slot)
  }

  return {
    get waiting() {
      return waiting
    },
    get waitingForRoom() {
      return waitingForRoom
    },
    async take(slot) {
      if (!(await sitDown(slot, { signal: mayStart(), comesBack: false }))) return undefined
      const left = new AbortController()
      let seated = true
      let isWaiting = false
      const waitsNoMore = () => {
        if (isWaiting) waiting--
        isWaiting = false
      }
      let doing: Promise<void> = Promise.resolve()
      const after = (next: () => Promise<void>): Promise<void> => (doing = doing.then(next))
      const standUp = () =>
        after(async () => {
          if (!seated) return
          seated = false
          await getUp(slot)
        })
      return {
        waits() {
          waiting++
          isWaiting = true
          void standUp().then(onWaits)
        },
        goesOn: () =>
          after(async () => {
            seated ||= await sitDown(slot, { signal: AbortSignal.any([over, left.signal]), comesBack: true })
            waitsNoMore()
          }),
        leave() {
          left.abort()
          waitsNoMore()
          return standUp()
        },
      }
    },
  }
}
