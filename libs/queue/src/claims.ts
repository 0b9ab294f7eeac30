/** Claims of nodes on jobs, and the places under them. */
import type { Redis } from 'ioredis'
import { claimExpiryMs, jobKeys, type Claim, type JobId } from '@burla/protocol'
import { runScript } from './run-script.ts'
import type { StateReply } from './scripts.ts'

export async function claim(redis: Redis, jobId: JobId, claimed: Claim): Promise<boolean> {
  const k = jobKeys(jobId)
  const reply = await runScript(
    redis,
    'claim',
    [k.record, k.claims, k.counts, k.claim(claimed.nodeId)],
    [claimed.nodeId, JSON.stringify(claimed), Date.now(), claimExpiryMs],
  )
  return reply === 1
}

export async function renewClaim(redis: Redis, jobId: JobId, claimed: Claim): Promise<boolean> {
  const k = jobKeys(jobId)
  const reply = await runScript(
    redis,
    'renew',
    [k.claims, k.claim(claimed.nodeId)],
    [claimed.nodeId, JSON.stringify(claimed), Date.now(), claimExpiryMs],
  )
  return reply === 1
}

/** How long a node has been silent about its claim, by Redis's own clock; `Infinity` when for longer than that is kept. */
export async function claimSilenceMs(redis: Redis, jobId: JobId, nodeId: string): Promise<number> {
  const leftMs = await redis.pttl(jobKeys(jobId).claim(nodeId))
  return leftMs < 0 ? Infinity : claimExpiryMs - leftMs
}

export async function release(redis: Redis, jobId: JobId, nodeId: string, servedMs: number): Promise<StateReply> {
  const k = jobKeys(jobId)
  const args = [nodeId, Math.round(servedMs), Date.now(), k.freedPlaces]
  return (await runScript(redis, 'release', [k.record, k.claims, k.claim(nodeId), k.places], args)) as StateReply
}

/** A slot of a runner, as the holder of a place. */
export interface PlaceHolder {
  nodeId: string
  runnerId: string
  slot: number
}

export async function takePlace(
  redis: Redis,
  jobId: JobId,
  holder: PlaceHolder,
  maxParallelism: number,
): Promise<boolean> {
  const k = jobKeys(jobId)
  const args = [placeOf(holder), holder.nodeId, maxParallelism]
  return (await runScript(redis, 'take-place', [k.places, k.claims], args)) === 1
}

export async function leavePlace(redis: Redis, jobId: JobId, holder: PlaceHolder): Promise<void> {
  const k = jobKeys(jobId)
  await runScript(redis, 'leave-place', [k.places], [placeOf(holder), k.freedPlaces])
}

function placeOf({ runnerId, slot }: PlaceHolder): string {
  return `${runnerId}:${slot}`
}
