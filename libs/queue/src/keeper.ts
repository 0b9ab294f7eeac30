/**
 * The api's background loop: it keeps true what nobody else would notice.
 *
 *  K1  A job whose data is there has its Redis user, also after Redis was restarted without it; one that is over has none,
 *      also after Redis was restarted with it.
 *  K2  A claim that was not renewed for 15 s is lost: its inputs go back, its node is out of the job. One from before
 *      `nodesSince` is lost at once.
 *  K3  A job whose client is gone, and that still needs one, is cancelled. A finished job that nobody reads any more is
 *      retired; a submitted one is read from where it is kept. A job that was started inside a call has that call for its
 *      client (`trees.ts`).
 *  K4  The function of a job that is not over is kept, however long the job takes.
 *  K5  Users are saved to the aclfile soon after they changed, so that a restarted Redis knows them at once.
 *  K6  The results of a submitted job go when their retention ends.
 *  K7  A job that no node can serve says so, and fails when that lasts.
 *
 * After a (re)connection, and after it stood still itself, it waits as long as a claim may be silent before it judges
 * anybody, nodes and clients: the others had no Redis either, or slept on the same machine.
 */
import type { Redis } from 'ioredis'
import {
  clientGoneMs,
  isFinished,
  jobKeys,
  lostAfterMs,
  type Claim,
  type JobId,
  type NodeStatus,
} from '@burla/protocol'
import { ringBell } from './bell.ts'
import { claimSilenceMs, release } from './claims.ts'
import { whyClientGone } from './clients.ts'
import { hasFunction } from './functions.ts'
import { jobUserRules } from './job-user.ts'
import { viewLiveJobs, type JobView } from './job-view.ts'
import { cancelJob } from './jobs.ts'
import { forgetOldNodes, listNodes, removeNode } from './nodes.ts'
import { dropExpiredResults, forgetExpiredJobs, listKeptJobs, retireJob } from './past-jobs.ts'
import { pause } from './patience.ts'
import { evenWhenFull, loseRunner } from './scripts.ts'
import { findSurplusUsers, removeSurplusUsers } from './surplus-users.ts'
import { endWithCall } from './trees.ts'
import { createHopelessness, unservableAfterMs, whyUnservable, type Hopelessness } from './unservable.ts'

const lookEveryMs = 1_000
const tidyEveryMs = 60 * 60 * 1000

export interface KeeperOptions {
  redis: Redis
  clusterKey: string
  signal: AbortSignal
  /** what the keeper did, for the api's log */
  say?: (message: string) => void
  /** no node that started before this time is there any more; default: any may be */
  nodesSince?: number
  /** how long a job is left alone that no node can serve */
  hopelessForMs?: number
  /** how long a client is waited for whose process has ended; for the words only */
  clientGoneMs?: number
  /** how long it looks on before it judges anybody */
  judgeAfterMs?: number
}

/** Runs until `signal` ends. Errors of Redis are waited out. */
export async function startKeeper(options: KeeperOptions): Promise<void> {
  const { redis, clusterKey, signal, say = () => undefined, nodesSince = 0 } = options
  const { hopelessForMs = unservableAfterMs, judgeAfterMs = lostAfterMs, clientGoneMs: goneMs = clientGoneMs } = options
  let connectedSince = Date.now()
  let usersMissing = true
  let suspects: string[] = []
  const onReady = () => {
    connectedSince = Date.now()
    usersMissing = true
  }
  redis.on('ready', onReady)
  const hopelessness = createHopelessness(hopelessForMs)
  let savedUsers: string | undefined = ''
  let tidiedAt = Date.now()
  let lookedAt = Date.now()
  while (!signal.aborted) {
    // This process was stopped or starved for a while, and so perhaps were the others.
    if (Date.now() - lookedAt > lostAfterMs / 3) connectedSince = Date.now()
    lookedAt = Date.now()
    try {
      const views = await viewLiveJobs(redis)
      const live = views.map(({ record }) => record.id)
      if (suspects.length > 0) {
        const removed = await removeSurplusUsers(redis, live, suspects)
        suspects = []
        if (removed.length > 0) savedUsers = undefined
      }
      if (usersMissing) {
        usersMissing = false
        await createUsers(redis, clusterKey, views)
        suspects = await findSurplusUsers(redis, live)
      }
      const dropped = await dropExpiredResults(redis)
      for (const jobId of dropped) say(`job ${jobId}: its results were kept until now`)
      savedUsers = await saveUsers(redis, views, dropped.length > 0 ? undefined : savedUsers)
      if (Date.now() - tidiedAt > tidyEveryMs) {
        tidiedAt = Date.now()
        for (const { record } of views) await hasFunction(redis, record.functionDigest)
        await forgetExpiredJobs(redis)
      }
      const mayJudge = Date.now() - connectedSince > judgeAfterMs
      // Of the claims made before, all; of the others those that have been silent, where that can be told.
      const judging = { before: nodesSince, silent: mayJudge }
      const nodes = await listNodes(redis)
      for (const { id, startedAt } of nodes) if (startedAt < nodesSince) await removeNode(redis, id)
      for (const view of views) {
        await loseClaims(redis, view, { ...judging, say })
        const { parent } = view.record
        if (parent) await endWithCall(redis, view, parent)
        else await endUnreadJob(redis, view, { mayJudge, goneMs, say })
        await tellUnservable(redis, view, { nodes, hopelessness, say })
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
  for (const { record } of views) await hasFunction(redis, record.functionDigest)
  for (const { id, functionDigest } of [...views.map(({ record }) => record), ...(await listKeptJobs(redis))]) {
    await redis.call('ACL', 'SETUSER', ...jobUserRules(clusterKey, id, functionDigest))
  }
}

/** K5. `saved`: what was saved last, if users are still as they were then. Returns what is saved now. */
async function saveUsers(redis: Redis, views: JobView[], saved: string | undefined): Promise<string> {
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
async function loseClaims(
  redis: Redis,
  { record, claims }: JobView,
  { before, silent, say }: { before: number; silent: boolean; say: (message: string) => void },
): Promise<void> {
  for (const claim of claims) {
    const isLost =
      claim.claimedAt < before || (silent && (await claimSilenceMs(redis, record.id, claim.nodeId)) > lostAfterMs)
    if (!isLost) continue
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
async function endUnreadJob(
  redis: Redis,
  { record, claims }: JobView,
  { mayJudge, goneMs, say }: { mayJudge: boolean; goneMs: number; say: (m: string) => void },
): Promise<void> {
  const { id, kind, state, ended } = record
  const k = jobKeys(id)
  const [[clientDone, clientGoneAt], clientHere] = await Promise.all([
    redis.hmget(k.record, 'clientDone', 'clientGoneAt'),
    redis.exists(k.client),
  ])
  const hasClient = clientDone === null && (clientHere === 1 || !mayJudge)
  if (isFinished(state)) {
    if (claims.length > 0 || (kind === 'attached' && hasClient)) return
    return retireJob(redis, id, { dropResults: clientDone !== null })
  }
  if (state === 'cancelling' || hasClient || (kind === 'submitted' && ended)) return
  const reason = whyClientGone(record, { wasKnown: Boolean(clientGoneAt), goneMs })
  say(`job ${id} is cancelled: ${reason}`)
  await cancelJob(redis, id, { outcome: 'cancelled', reason })
}

interface Surroundings {
  nodes: NodeStatus[]
  hopelessness: Hopelessness
  say: (message: string) => void
}

/** K7 */
async function tellUnservable(redis: Redis, view: JobView, { nodes, hopelessness, say }: Surroundings): Promise<void> {
  const { id, waitReason } = view.record
  const { reason, hopeless = false } = whyUnservable(view, nodes) ?? {}
  const { record: key } = jobKeys(id)
  if (reason !== undefined && reason !== waitReason) await evenWhenFull(redis, 'HSET', key, 'waitReason', reason)
  if (reason === undefined && waitReason !== null) await redis.hdel(key, 'waitReason')
  if (!hopelessness.lasts(id, hopeless) || reason === undefined) return
  say(`job ${id} is failed: ${reason}`)
  await cancelJob(redis, id, { outcome: 'failed', reason })
}
