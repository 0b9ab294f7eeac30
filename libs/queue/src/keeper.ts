/**
 * The api's background loop: it keeps true what nobody else would notice.
 *
 *  K1  A job that is not cleaned up has its Redis user, also after Redis was restarted without it.
 *  K2  A claim that was not renewed for 15 s is lost: its inputs go back, its node is out of the job.
 *  K3  A job whose client is gone is cancelled; a finished job that nobody reads any more is cleaned up.
 *      A job that was started inside a call has that call for its client (`trees.ts`).
 *  K4  The function of a job that is not over is kept, however long the job takes.
 *  K5  Users are saved to the aclfile soon after they changed, so that a restarted Redis knows them at once.
 *
 * After a (re)connection it waits as long as a claim may be silent before it judges anybody: the others had no Redis either.
 */
import type { Redis } from 'ioredis'
import { isFinished, jobKeys, lostAfterMs, type Claim, type JobId } from '@burla/protocol'
import { ringBell } from './bell.ts'
import { claimSilenceMs, release } from './claims.ts'
import { hasFunction } from './functions.ts'
import { jobUserRules } from './job-user.ts'
import { viewLiveJobs, type JobView } from './job-view.ts'
import { cancelJob, cleanUpJob } from './jobs.ts'
import { forgetOldNodes } from './nodes.ts'
import { pause } from './patience.ts'
import { loseRunner } from './scripts.ts'
import { endWithCall } from './trees.ts'

const lookEveryMs = 1_000
const keepFunctionsEveryMs = 60 * 60 * 1000

export interface KeeperOptions {
  redis: Redis
  clusterKey: string
  signal: AbortSignal
  /** what the keeper did, for the api's log */
  say?: (message: string) => void
}

/** Runs until `signal` ends. Errors of Redis are waited out. */
export async function startKeeper({ redis, clusterKey, signal, say = () => undefined }: KeeperOptions): Promise<void> {
  let connectedSince = Date.now()
  let usersMissing = true
  const onReady = () => {
    connectedSince = Date.now()
    usersMissing = true
  }
  redis.on('ready', onReady)
  let savedUsers = ''
  let functionsKeptAt = Date.now()
  let lookedAt = Date.now()
  while (!signal.aborted) {
    // This process was stopped or starved for a while, and so perhaps were the others.
    if (Date.now() - lookedAt > lostAfterMs / 3) connectedSince = Date.now()
    lookedAt = Date.now()
    try {
      const views = await viewLiveJobs(redis)
      if (usersMissing) {
        usersMissing = false
        await createUsers(redis, clusterKey, views)
      }
      savedUsers = await saveUsers(redis, views, savedUsers)
      if (Date.now() - functionsKeptAt > keepFunctionsEveryMs) {
        functionsKeptAt = Date.now()
        for (const { record } of views) await hasFunction(redis, record.functionDigest)
      }
      const mayJudge = Date.now() - connectedSince > lostAfterMs
      for (const view of views) {
        if (mayJudge) await loseSilentClaims(redis, view, say)
        const { parent } = view.record
        if (parent) await endWithCall(redis, view, parent)
        else await endUnreadJob(redis, view, say)
      }
      await forgetOldNodes(redis)
    } catch (error) {
      if (!signal.aborted) say(`keeper: ${(error as Error).message}`)
    }
    await pause(lookEveryMs, signal)
  }
  redis.off('ready', onReady)
}

/** K1 */
async function createUsers(redis: Redis, clusterKey: string, views: JobView[]): Promise<void> {
  for (const { record } of views) {
    await redis.call('ACL', 'SETUSER', ...jobUserRules(clusterKey, record.id, record.functionDigest))
    await hasFunction(redis, record.functionDigest)
  }
}

/** K5. Returns what is saved now. */
async function saveUsers(redis: Redis, views: JobView[], saved: string): Promise<string> {
  const users = views
    .map((view) => view.record.id)
    .sort()
    .join()
  if (users === saved) return saved
  await redis.call('ACL', 'SAVE').catch((error: Error) => {
    // A Redis that somebody else runs may have no aclfile; then K1 alone brings the users back.
    if (!error.message.includes('not configured to use an ACL file')) throw error
  })
  return users
}

/** K2 */
async function loseSilentClaims(redis: Redis, { record, claims }: JobView, say: (m: string) => void): Promise<void> {
  for (const claim of claims) {
    if ((await claimSilenceMs(redis, record.id, claim.nodeId)) <= lostAfterMs) continue
    const returned = await loseClaim(redis, record.id, claim)
    say(`node ${claim.nodeId} is lost to job ${record.id}: ${returned} inputs went back`)
  }
}

/** The node does not serve the job any more: its inputs go back, then its claim goes. Returns the number of inputs. */
export async function loseClaim(redis: Redis, jobId: JobId, claim: Claim): Promise<number> {
  const returned = claim.runnerId === null ? 0 : await loseRunner(redis, jobId, claim.runnerId)
  await release(redis, jobId, claim.nodeId, Date.now() - claim.claimedAt)
  await ringBell(redis, jobId)
  return returned
}

/** K3 */
async function endUnreadJob(redis: Redis, { record, claims }: JobView, say: (m: string) => void): Promise<void> {
  const [clientDone, clientHere] = await Promise.all([
    redis.hget(jobKeys(record.id).record, 'clientDone'),
    redis.exists(jobKeys(record.id).client),
  ])
  if (clientDone === null && clientHere === 1) return
  if (!isFinished(record.state)) {
    if (record.state === 'cancelling') return
    say(`job ${record.id} is cancelled: its client is gone`)
    await cancelJob(redis, record.id, { outcome: 'cancelled', reason: 'its client is gone' })
  } else if (claims.length === 0) {
    await cleanUpJob(redis, record.id)
  }
}
