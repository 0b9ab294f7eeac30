/** How many lists a runner wants in hand of a job that may share its room with others of the tree. */
import type { CallOptions } from '@burla/protocol'
import type { InputSource } from '@burla/queue/source'
import type { Holding } from './holding.ts'
import type { Room } from './room.ts'
import type { Seats } from './seats.ts'

interface InHandParts {
  /** of the job on this node */
  slots: number
  call: Pick<CallOptions, 'cpus' | 'maxParallelism'>
  source: Pick<InputSource, 'setConcurrency' | 'wake'>
  holding: Holding
  room: Room
  seats: Seats
  /** lists whose inputs run, calls that wait among them */
  running: ReadonlySet<unknown>
  isAlone: () => boolean
}

export interface InHand {
  /** Calls that run, or could with the room that there is now. Those that wait have a slot each, and nothing else. */
  possible(): number
  /** Tells the source. */
  set(): void
}

export function createInHand({ slots, call, source, holding, room, seats, running, isAlone }: InHandParts): InHand {
  let told = 0

  const possible = () => {
    const { waiting } = seats
    return Math.min(slots - waiting, running.size - waiting + room.fits(call.cpus))
  }

  function wanted(): number {
    const { waiting } = seats
    const most = isAlone() ? slots : Math.max(1, possible() + waiting)
    return call.maxParallelism === null ? holding.wanted(most) : Math.min(most, call.maxParallelism + waiting)
  }

  return {
    possible,
    set() {
      const grows = told > 0 && wanted() > told
      told = wanted()
      source.setConcurrency(told)
      // It looks at the number when a list ends, which may be long after a call has begun to wait.
      if (grows && (seats.waiting > 0 || !isAlone())) source.wake()
    },
  }
}
