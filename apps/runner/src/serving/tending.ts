/**
 * Looks after what nobody tells a runner that serves: inputs held behind a slow call, a client that does not read (S3),
 * room that other jobs have (S4), slots that print a lot.
 */
import { pause, viewJob, type Redis } from '@burla/queue'
import type { InputSource } from '@burla/queue/source'
import { windowBytes, type JobId } from '@burla/protocol'
import type { SlotPool } from '../slots/index.ts'
import { heldPatienceMs, type Holding } from './holding.ts'
import type { RunningList } from './list-run.ts'
import type { Outbox } from './outbox.ts'
import type { Seats } from './seats.ts'
import type { SlotTurns } from './slot-turns.ts'

const lookEveryMs = 25
/** Slots that print wait while this much waits for Redis. */
const outputPauseBytes = 16 * 1024 * 1024

interface Tended {
  redis: Redis
  jobId: JobId
  source: InputSource
  pool: SlotPool
  turns: SlotTurns
  holding: Holding
  seats: Seats
  outbox: Outbox
  running: ReadonlySet<RunningList>
  over: AbortSignal
  draining: AbortSignal
  onTrouble: (error: Error) => void
  /** tells the source how many lists are wanted now */
  setInHand(): void
  /** there is room for one more call */
  hasRoom(): boolean
  /** those who wait for room are turned away */
  sendBack(): void
}

export interface Tending {
  /** Resolves when `over` is aborted. */
  readonly ended: Promise<void>
  isBlocked(): boolean
}

export function startTending(tended: Tended): Tending {
  const { redis, jobId, source, pool, turns, holding, seats, outbox, running, over, draining, onTrouble } = tended
  const { setInHand, hasRoom, sendBack } = tended
  let blocked = false
  let outputPaused = false

  async function tend(): Promise<void> {
    while (!over.aborted) {
      await pause(lookEveryMs, over)
      setInHand()
      if (turns.stuckMs > heldPatienceMs) {
        holding.stuck()
        setInHand()
        turns.turnAway()
      }
      for (const list of running) {
        if (list.behind === 0 || performance.now() - list.since < heldPatienceMs) continue
        holding.stuck()
        setInHand()
        list.splitOff().catch(onTrouble)
      }
      if (outputPaused !== outbox.pendingBytes > outputPauseBytes) {
        outputPaused = !outputPaused
        if (outputPaused) pool.pauseOutput()
        else pool.resumeOutput()
      }
      if (outbox.untakenBytes > windowBytes) await untilTaken()
      if (isCrowded()) await untilRoom()
    }
  }

  /** S3 */
  async function untilTaken(): Promise<void> {
    blocked = true
    source.pause()
    turns.turnAway()
    while (!over.aborted && !draining.aborted) {
      const counts = await viewJob(redis, jobId).catch(() => undefined)
      if (counts && counts.counts.storedBytes - counts.counts.takenBytes < windowBytes / 2) break
      await pause(lookEveryMs, over)
    }
    blocked = false
    if (!draining.aborted) source.resume()
  }

  /** S4 */
  async function untilRoom(): Promise<void> {
    await pause(heldPatienceMs, over)
    if (!isCrowded()) return
    source.pause()
    turns.turnAway()
    sendBack()
    while (!over.aborted && !draining.aborted && !hasRoom()) await pause(lookEveryMs, over)
    setInHand()
    if (!draining.aborted) source.resume()
  }

  function isCrowded(): boolean {
    return seats.waitingForRoom > 0 && !hasRoom()
  }

  return { ended: tend(), isBlocked: () => blocked }
}
