/**
 * One claim of this node, from the moment Redis has granted it to its release.
 *
 *   claimed -> (preparing) -> serving -> (draining) -> released      preparing: its packages are installed
 *
 *  C1  The claim is renewed every 2 s, and when the number of its slots has changed; when Redis says that it is no longer
 *      ours, the runner is killed at once.
 *  C3  However serving ended, nothing that the runner had pulled stays with it, and the job is released after that.
 *  C4  A job that cannot be served at all is failed with the reason, instead of being tried for ever.
 */
import {
  cancelJob,
  jobCredentials,
  jobToken,
  loseRunner,
  pause,
  release,
  renewClaim,
  ringBell,
  untilStored,
  type JobWork,
  type Redis,
} from '@burla/queue'
import {
  BurlaError,
  heartbeatEveryMs,
  type ApiAddress,
  type Claim,
  type JobId,
  type MountedLayer,
  type RedisAddress,
} from '@burla/protocol'
import { layerFor, needsLayer } from './layers/layer-of-job.ts'
import type { Layers } from './layers/layers.ts'
import type { HostedRunner, RunnerExit } from './hosts/runner-host.ts'

export interface JobLoad {
  running: number
  held: number
  blocked: boolean
  slots: number
}

export interface ServedJob {
  readonly jobId: JobId
  /** once the runner serves it */
  readonly runnerId: string | null
  readonly draining: boolean
  readonly load: JobLoad
  /** what the runner says of this job */
  heard(message: Record<string, unknown>): void
  heardLoad(load: JobLoad): void
  drain(): void
  cancel(): void
  /** Resolves when the job is released; with how its runner ended, when that was before it served anything. */
  readonly released: Promise<string | undefined>
}

/** What all jobs have in common that this node serves. */
export interface Serving {
  redis: Redis
  address: RedisAddress
  api: ApiAddress
  clusterKey: string
  /** of the node */
  cpus: number
  folder: string
  sharedDir: string
  layers?: Layers | undefined
  say: (message: string) => void
  /** the load has changed, or a runner serves now */
  onChange: () => void
}

export interface ServeJobOptions extends Serving {
  jobId: JobId
  claim: Claim
  /** the most calls at the same time, where the job has all the room */
  slots: number
  runner: HostedRunner
  work: JobWork
  /** node time that is counted with the release */
  servedMs: () => number
}

export function serveJob(options: ServeJobOptions): ServedJob {
  const { redis, clusterKey, jobId, claim, runner, say, onChange } = options
  const claimed = { ...claim }
  const over = new AbortController()
  let load: JobLoad = { running: 0, held: 0, blocked: false, slots: claim.slots }
  let draining = false
  let cleanEnd = false
  let begun = false
  let unservable: string | undefined
  /** why it could not be served here, which may be otherwise the next time */
  let unprepared: string | undefined
  let endServing: () => void = () => undefined
  const served = new Promise<undefined>((resolve) => (endServing = () => resolve(undefined)))

  function begin(layer: MountedLayer | null): void {
    if (over.signal.aborted) return
    begun = true
    runner.send({
      type: 'serve',
      jobId,
      credentials: jobCredentials(clusterKey, jobId, options.address),
      access: { api: options.api, token: jobToken(clusterKey, jobId) },
      nodeId: claim.nodeId,
      cpus: options.cpus,
      slots: options.slots,
      ...options.work,
      folder: options.folder,
      sharedDir: options.sharedDir,
      layer,
    })
  }

  /** Where packages are to be installed first, that is what the job waits for. */
  async function prepare(): Promise<void> {
    try {
      const layer = await layerFor(options, (title) => {
        claimed.preparing = `installing ${title}`
        say(`job ${jobId}: ${claimed.preparing}`)
        void renew()
      })
      begin(layer)
    } catch (error) {
      if (error instanceof BurlaError) unservable = error.message
      else unprepared = `its packages: ${(error as Error).message}`
      endServing()
    }
    if (claimed.preparing === undefined) return
    delete claimed.preparing
    await renew()
  }
  if (needsLayer(options)) void prepare()
  else begin(null)

  async function renew(): Promise<void> {
    const kept = await renewClaim(redis, jobId, claimed).catch(() => true)
    if (kept || over.signal.aborted) return
    say(`job ${jobId}: the claim of this node is no longer there`)
    await runner.kill()
  }

  /** C1 */
  async function tend(): Promise<void> {
    while (!over.signal.aborted) {
      await pause(heartbeatEveryMs, over.signal)
      if (!over.signal.aborted) await Promise.race([renew(), pause(heartbeatEveryMs)])
    }
  }

  async function untilReleased(): Promise<string | undefined> {
    const tending = tend()
    const exit = await Promise.race([runner.exited, served])
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
    await untilStored(() => release(redis, jobId, claim.nodeId, options.servedMs()))
    if (!cleanEnd) await ringBell(redis, jobId).catch(() => undefined)
    if (unprepared !== undefined) say(`job ${jobId}: ${unprepared}`)
    if (!exit || runnerId !== null || unservable !== undefined) return unprepared
    const how = describe(exit)
    say(`job ${jobId}: its runner ended with ${how}`)
    return draining || cleanEnd ? undefined : how
  }

  const released = untilReleased()
  return {
    jobId,
    get runnerId() {
      return claimed.runnerId
    },
    get draining() {
      return draining
    },
    get load() {
      return load
    },
    heard(message) {
      switch (message['type']) {
        case 'serving':
          claimed.runnerId = String(message['runnerId'])
          void renew()
          break
        case 'served':
          cleanEnd = message['end'] === 'finished' || message['end'] === 'cancelled'
          say(`job ${jobId}: ${String(message['end'])}`)
          endServing()
          break
        case 'unservable':
          unservable = String(message['reason'])
          endServing()
          break
      }
      onChange()
    },
    heardLoad(told) {
      load = told
      if (load.slots === claimed.slots || claimed.runnerId === null) return
      claimed.slots = load.slots
      void renew()
    },
    drain() {
      if (draining) return
      draining = true
      if (begun) runner.send({ type: 'drain', jobId })
      else endServing()
    },
    cancel() {
      if (begun) runner.send({ type: 'cancel', jobId })
      else endServing()
    },
    released,
  }
}

function describe({ code, signal, lastLines }: RunnerExit): string {
  return `${signal ?? `exit code ${code}`}: ${lastLines.join('\n')}`
}
