/** The end of serving: first nothing runs any more (S1), then others may have what was running here. */
import { loseRunner, pause, release, ringBell, type Redis } from '@burla/queue'
import type { InputSource } from '@burla/queue/source'
import type { JobId } from '@burla/protocol'
import type { SlotPool } from '../slots/index.ts'

/** Why it is over. */
export type ServeEnd = 'finished' | 'cancelled' | 'lapsed' | 'drained' | 'stopped'

interface Ending {
  end: ServeEnd
  pool: SlotPool
  redis: Redis
  source: InputSource
  over: AbortController
  /** what still looks after the job */
  tending: Promise<void>
  jobId: JobId
  nodeId: string
  runnerId: string
  startedAt: number
}

/** Telling Redis may fail: then the agent does it, and where there is none, the keeper. */
const partingMs = 1_000

export async function endServing({ end, pool, redis, source, over, tending, ...claim }: Ending): Promise<void> {
  source.pause()
  over.abort()
  await pool.close()
  await tending
  await Promise.race([source.close().catch(() => undefined), pause(500)])
  if (end === 'finished' || end === 'cancelled') return
  await Promise.race([giveBack(redis, claim).catch(() => undefined), pause(partingMs)])
}

/** What is in hand goes back, and the node is out of the job: another one can claim it at once. */
async function giveBack(
  redis: Redis,
  { jobId, nodeId, runnerId, startedAt }: Pick<Ending, 'jobId' | 'nodeId' | 'runnerId' | 'startedAt'>,
): Promise<void> {
  await loseRunner(redis, jobId, runnerId)
  await release(redis, jobId, nodeId, Date.now() - startedAt)
  await ringBell(redis, jobId)
}
