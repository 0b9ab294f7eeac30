/**
 * The runner's own eye on its claim. It must not go on when its node was declared lost, was frozen for too long, or cannot
 * reach Redis, because by then others run its inputs and have its places (design section 6).
 *
 *  W1  A runner that is awake stops `lapsedAfterMs` after the last renewal, seconds before anybody gives away what it has.
 *      It counts from before it asked, and Redis's own clock says how old the renewal was: no other clock is trusted.
 *  W2  Who was asleep together with all others (a laptop) was not silent. So after a sleep, and while nobody has declared
 *      the node lost, its agent has a moment to renew; the runner looks more often then.
 */
import { claimSilenceMs, pause, type Redis } from '@burla/queue'
import { heartbeatEveryMs, jobKeys, lapsedAfterMs, type JobId } from '@burla/protocol'

export type WatchEnd = 'lapsed' | 'cancelled' | 'finished'

/** A turn that took longer than this was a sleep. */
const sleepMs = 3 * heartbeatEveryMs
const wakingMs = heartbeatEveryMs + 1_000
const lookWakingEveryMs = 250
/** Redis has this long to answer, also when the claim may be too old. */
const answerWithinMs = 500

interface WatchOptions {
  redis: Redis
  jobId: JobId
  nodeId: string
  signal: AbortSignal
  now?: () => number
}

/** Resolves when there is a reason to stop; with `undefined` when `signal` ended first. */
export async function watchClaim(options: WatchOptions): Promise<WatchEnd | undefined> {
  const { signal, now = Date.now } = options
  let turnAt = now()
  let goodUntil = turnAt + lapsedAfterMs
  let wakingUntil = -Infinity
  while (!signal.aborted) {
    const askedAt = now()
    if (askedAt - turnAt > sleepMs) wakingUntil = askedAt + wakingMs
    turnAt = askedAt
    const seen = await Promise.race([readOnce(options), atMost(Math.max(goodUntil - askedAt, answerWithinMs))])
    if (signal.aborted) return undefined
    if (seen?.state === 'cancelling' || seen?.state === 'cancelled' || seen?.state === 'failed') return 'cancelled'
    if (seen?.state === 'completed' || seen?.state === null) return 'finished'
    if (seen && !seen.claimed) return 'lapsed'
    if (seen) goodUntil = Math.max(askedAt + lapsedAfterMs - seen.silentMs, wakingUntil)
    if (now() >= goodUntil) return 'lapsed'
    await atMost(askedAt < wakingUntil ? lookWakingEveryMs : goodUntil - now())
  }
  return undefined

  async function atMost(ms: number): Promise<undefined> {
    await pause(Math.min(ms, heartbeatEveryMs), signal)
  }
}

async function readOnce({ redis, jobId, nodeId }: WatchOptions) {
  const k = jobKeys(jobId)
  try {
    const [silentMs, claimed, state] = await Promise.all([
      claimSilenceMs(redis, jobId, nodeId),
      redis.hexists(k.claims, nodeId),
      redis.hget(k.record, 'state'),
    ])
    return { silentMs, claimed: claimed === 1, state }
  } catch {
    // Redis is away: as good as a claim that was not renewed.
    return undefined
  }
}
