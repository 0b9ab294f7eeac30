/**
 * After a reconnection some inputs may have been handed to this runner in a reply that was lost with the old connection:
 * they are ours in Redis and nowhere else. BullMQ would find them when their locks expire; this finds them in a second.
 *
 * An input whose reply is just arriving looks the same, so it is looked at twice: a stray is not held at either time.
 */
import type { Redis } from 'ioredis'
import { jobKeys, type JobId } from '@burla/protocol'
import { pause } from './patience.ts'
import { giveBack, type Pulled } from './scripts.ts'

const lookAgainMs = 1_000

interface Search {
  redis: Redis
  jobId: JobId
  runnerId: string
  /** BullMQ ids in hand, kept up to date by the owner */
  held: ReadonlySet<string>
  signal: AbortSignal
}

export async function reclaimStrays(search: Search): Promise<number> {
  const { redis, jobId, runnerId, held, signal } = search
  const suspects = await ownedButNotHeld(search)
  if (suspects.length === 0) return 0
  await pause(lookAgainMs, signal)
  if (signal.aborted) return 0
  const strays = suspects.filter(({ bullId }) => !held.has(bullId))
  const given = await Promise.all(
    strays.map((stray) => giveBack(redis, jobId, { ...stray, runnerId, untouched: true })),
  )
  return given.filter(Boolean).length
}

async function ownedButNotHeld({ redis, jobId, runnerId, held }: Search): Promise<Pulled[]> {
  const { queue } = jobKeys(jobId)
  const bullIds = (await redis.lrange(queue.active, 0, -1)).filter((id) => !held.has(id))
  if (bullIds.length === 0) return []
  const tokens = await redis.mget(bullIds.map((id) => `${queue.job(id)}:lock`))
  return bullIds.flatMap((bullId, place) => {
    const token = tokens[place]
    if (!token?.startsWith(`${runnerId}:`) || held.has(bullId)) return []
    return [{ bullId, token }]
  })
}
