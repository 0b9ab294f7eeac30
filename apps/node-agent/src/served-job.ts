/**
 * One claim of this node, from the moment Redis has granted it to its release.
 *
 *   claimed -> serving -> (draining) -> released
 *
 *  C1  The claim is renewed every 2 s; when Redis says that it is no longer ours, the runner is killed at once.
 *  C2  A runner that has been silent for 15 s (frozen) is killed: its slots die with it, its inputs go back.
 *  C3  However the runner ended, nothing that it had pulled stays with it, and the job is released after that.
 *  C4  A job that cannot be served at all is failed with the reason, instead of being tried for ever.
 */
import {
  cancelJob,
  jobCredentials,
  loseRunner,
  pause,
  release,
  renewClaim,
  ringBell,
  untilStored,
  type JobWork,
  type Redis,
} from '@burla/queue'
import { heartbeatEveryMs, lostAfterMs, type Claim, type JobId, type RedisAddress } from '@burla/protocol'
import { createSilence } from './silence.ts'
import type { HostedRunner } from './hosts/runner-host.ts'

export interface ServedJob {
  readonly jobId: JobId
  readonly claimedAt: number
  readonly draining: boolean
  load(): { running: number; held: number; blocked: boolean }
  drain(): void
  cancel(): void
  /** The node leaves: the runner gives its inputs back and ends. */
  stop(): void
  /** Resolves when the job is released; with how its runner ended, when that was before it served anything. */
  readonly released: Promise<string | undefined>
}

export interface ServeJobOptions {
  redis: Redis
  address: RedisAddress
  clusterKey: string
  jobId: JobId
  claim: Claim
  runner: HostedRunner
  work: JobWork
  folder: string
  sharedDir: string
  say: (message: string) => void
  /** the load has changed, or the runner serves now */
  onChange: () => void
}

export function serveJob(options: ServeJobOptions): ServedJob {
  const { redis, clusterKey, jobId, claim, runner, say, onChange } = options
  const claimed = { ...claim }
  const silence = createSilence(2 * heartbeatEveryMs)
  const over = new AbortController()
  let load = { running: 0, held: 0, blocked: false }
  let draining = false
  let cleanEnd = false
  let unservable: string | undefined

  runner.onMessage((message) => {
    silence.heard()
    switch (message['type']) {
      case 'serving':
        claimed.runnerId = String(message['runnerId'])
        void renew()
        break
      case 'load':
        load = message as unknown as typeof load
        break
      case 'served':
        cleanEnd = message['end'] === 'finished' || message['end'] === 'cancelled'
        say(`job ${jobId}: ${String(message['end'])}`)
        break
      case 'unservable':
        unservable = String(message['reason'])
        break
    }
    onChange()
  })
  runner.send({
    type: 'serve',
    credentials: jobCredentials(clusterKey, jobId, options.address),
    nodeId: claim.nodeId,
    slots: claim.slots,
    ...options.work,
    folder: options.folder,
    sharedDir: options.sharedDir,
  })

  async function renew(): Promise<void> {
    const kept = await renewClaim(redis, jobId, claimed).catch(() => true)
    if (kept || over.signal.aborted) return
    say(`job ${jobId}: the claim of this node is no longer there`)
    await runner.kill()
  }

  /** C1, C2 */
  async function tend(): Promise<void> {
    while (!over.signal.aborted) {
      await pause(heartbeatEveryMs, over.signal)
      if (over.signal.aborted) return
      if (silence.tick() > lostAfterMs) {
        say(`job ${jobId}: its runner ${claimed.runnerId ?? ''} has been silent for ${lostAfterMs} ms`)
        await runner.kill()
        return
      }
      await Promise.race([renew(), pause(heartbeatEveryMs)])
    }
  }

  async function untilReleased(): Promise<string | undefined> {
    const tending = tend()
    const exit = await runner.exited
    over.abort()
    await tending
    if (unservable !== undefined) {
      const end = { outcome: 'failed' as const, reason: unservable }
      await untilStored(() => cancelJob(redis, jobId, end))
    }
    const { runnerId } = claimed
    if (runnerId !== null && !cleanEnd) {
      const returned = await untilStored(() => loseRunner(redis, jobId, runnerId))
      if (returned > 0) say(`job ${jobId}: ${returned} inputs of runner ${runnerId} went back`)
    }
    await untilStored(() => release(redis, jobId, claim.nodeId, Date.now() - claim.claimedAt))
    if (!cleanEnd) await ringBell(redis, jobId).catch(() => undefined)
    if (runnerId !== null || unservable !== undefined) return undefined
    const how = `${exit.signal ?? `exit code ${exit.code}`}: ${exit.lastLines.join('\n')}`
    say(`job ${jobId}: its runner ended with ${how}`)
    return draining || cleanEnd ? undefined : how
  }

  const released = untilReleased()
  return {
    jobId,
    claimedAt: claim.claimedAt,
    get draining() {
      return draining
    },
    load: () => load,
    drain() {
      draining = true
      runner.send({ type: 'drain' })
    },
    cancel: () => runner.send({ type: 'cancel' }),
    stop: () => void runner.stop(1_500),
    released,
  }
}
