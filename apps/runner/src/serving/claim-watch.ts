/**
 * The runner's own eye on its claim: it must not go on when its node was declared lost, was frozen for too long, or
 * cannot reach Redis, because by then others run its inputs (design section 6).
 */
import { pause, type Redis } from '@burla/queue'
import { heartbeatEveryMs, jobKeys, lostAfterMs, type JobId } from '@burla/protocol'

export type WatchEnd = 'lapsed' | 'cancelled' | 'finished'

/** Resolves when there is a reason to stop; with `undefined` when `signal` ended first. */
export async function watchClaim(options: {
  redis: Redis
  jobId: JobId
  nodeId: string
  signal: AbortSignal
  now?: () => number
}): Promise<WatchEnd | undefined> {
  const { redis, jobId, nodeId, signal, now = Date.now } = options
  const k = jobKeys(jobId)
  let renewal: string | null = null
  let freshAt = now()
  while (!signal.aborted) {
    const look = readOnce(redis, k.claim(nodeId), k.record)
    const seen = await Promise.race([look, pause(heartbeatEveryMs, signal).then(() => undefined)])
    if (seen?.state === 'cancelling' || seen?.state === 'cancelled' || seen?.state === 'failed') return 'cancelled'
    if (seen?.state === 'completed' || seen?.state === null) return 'finished'
    // The key outlives a minute of silence: when it is not there, the node was declared lost.
    if (seen?.renewal === null) return 'lapsed'
    if (seen && seen.renewal !== renewal) {
      renewal = seen.renewal
      freshAt = now()
    }
    if (now() - freshAt > lostAfterMs) return 'lapsed'
    await pause(heartbeatEveryMs, signal)
  }
  return undefined
}

async function readOnce(redis: Redis, claimKey: string, recordKey: string) {
  try {
    const [renewal, state] = await Promise.all([redis.get(claimKey), redis.hget(recordKey, 'state')])
    return { renewal, state }
  } catch {
    // Redis is away: as good as a claim that was not renewed.
    return undefined
  }
}
