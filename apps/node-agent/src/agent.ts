/**
 * The life of one node: it registers, looks what the jobs want, serves one job at a time (P3), and leaves.
 * `decide.ts` holds the policy; this file acts on it.
 */
import {
  cancelJob,
  claim,
  connectRedis,
  listNodes,
  makeRehearsal,
  pause,
  readWork,
  release,
  removeNode,
  renewClaim,
  sayAlive,
  untilStored,
  viewLiveJobs,
} from '@burla/queue'
import {
  heartbeatEveryMs,
  type Bell,
  type Claim,
  type JobCredentials,
  type JobId,
  type NodeRecord,
  type NodeSize,
  type RedisAddress,
} from '@burla/protocol'
import { listenToBell } from './bell.ts'
import { leaveOldClaims } from './old-claims.ts'
import { decide, type Decision } from './decide.ts'
import { confine, createJobRunners, inOneLine } from './job-runners.ts'
import { serveJob, type ServedJob } from './served-job.ts'
import type { HostedRunner, RunnerHost } from './hosts/runner-host.ts'

export interface AgentConfig {
  nodeId: string
  cpus: number
  memoryGiB: number
  redis: RedisAddress
  redisPassword: string
  clusterKey: string
  provider: string
}

interface Look {
  decision: Decision
  /** of the job that it is about */
  image: string | null
}

/** A claim of the job that comes next. */
interface Reserved extends Claim {
  jobId: JobId
  image: string | null
}

interface AgentLink {
  /** what runners run in; the agent closes it */
  host: RunnerHost
  signal: AbortSignal
  onUp: () => void
  /** Redis has heard of this node */
  onAlive?: () => void
  say: (message: string) => void
}

const lookEveryMs = 1_000
/** A job whose runners ended this often in a row before they served anything is failed (P7). */
const failuresPerJob = 3

export async function runAgent(config: AgentConfig, { host, signal, onUp, onAlive, say }: AgentLink): Promise<void> {
  const { nodeId, cpus, memoryGiB } = config
  const size: NodeSize = { cpus, memoryGiB, containers: host.containers }
  const connect = { address: config.redis, password: config.redisPassword, name: `burla-agent-${nodeId}` }
  const redis = connectRedis(connect)
  const slots = Math.max(1, Math.floor(cpus))
  let rehearsal: JobCredentials | undefined
  const runners = createJobRunners({
    redis,
    host,
    slots,
    rehearsal: () => rehearsal,
    signal,
    onLine: say,
    onChange: () => void beatOnce(),
  })
  const startedAt = Date.now()
  const failures = new Map<JobId, number>()
  let serving: ServedJob | undefined
  let reserved: Reserved | undefined
  let wake: () => void = () => undefined

  listenToBell(connect, onBell, signal)
  signal.addEventListener('abort', () => wake(), { once: true })
  await untilStored(() => leaveOldClaims(redis, nodeId), signal).catch(() => undefined)
  untilStored(() => makeRehearsal(redis, config.clusterKey, config.redis), signal)
    .then((made) => (rehearsal = made))
    .catch((error: Error) => say(`no rehearsal: ${error.message}`))
  void beat()
  onUp()
  while (!signal.aborted) {
    const woken = new Promise<void>((resolve) => (wake = resolve))
    try {
      await act(await look())
    } catch (error) {
      if (!signal.aborted) say(`agent: ${(error as Error).message}`)
      await pause(lookEveryMs, signal)
    }
    await Promise.race([woken, pause(lookEveryMs, signal)])
  }
  serving?.stop()
  await Promise.all([runners.close(), Promise.race([serving?.released, pause(2_000)])])
  await host.close()
  await Promise.race([removeNode(redis, nodeId), pause(500)]).catch(() => undefined)
  redis.disconnect()

  function onBell(bell: Bell): void {
    if (bell.type === 'cancel' && bell.jobId === serving?.jobId) serving.cancel()
    wake()
  }

  async function look(): Promise<Look> {
    const jobs = await viewLiveJobs(redis)
    const others = jobs.some((job) => job.record.id !== serving?.jobId)
    const nodes = serving && others ? await listNodes(redis) : []
    const idle = nodes.filter((node) => node.id !== nodeId && node.state === 'idle')
    const self = serving
      ? {
          jobId: serving.jobId,
          forMs: Date.now() - serving.claimedAt,
          draining: serving.draining,
          ...serving.load(),
        }
      : undefined
    const decision = decide({ nodeId, size, ...(self ? { serving: self } : {}) }, { jobs, idle, now: Date.now() })
    const job = 'jobId' in decision ? jobs.find(({ record }) => record.id === decision.jobId) : undefined
    return { decision, image: job?.record.call.image ?? null }
  }

  async function act({ decision, image }: Look): Promise<void> {
    switch (decision.type) {
      case 'stay':
        return
      case 'release':
        serving?.drain()
        return
      case 'change': {
        const next = newClaim('reserved', decision.slots)
        if (!(await claim(redis, decision.jobId, next))) return
        reserved = { ...next, jobId: decision.jobId, image }
        serving?.drain()
        return
      }
      case 'claim': {
        const next = newClaim('active', decision.slots)
        const runner = await runners.take({ id: decision.jobId, image })
        if (!runner) return
        if (!(await claim(redis, decision.jobId, next))) return runners.putBack(runner)
        return serve(decision.jobId, next, runner)
      }
    }
  }

  function newClaim(state: Claim['state'], claimedSlots: number): Claim {
    return { nodeId, state, slots: claimedSlots, runnerId: null, claimedAt: Date.now() }
  }

  async function serve(jobId: JobId, granted: Claim, runner: HostedRunner): Promise<void> {
    const { clusterKey, redis: address } = config
    const { folder, sharedDir } = host
    const work = await untilStored(() => readWork(redis, jobId), signal)
    if (!work) return runners.putBack(runner)
    say(`job ${jobId}: claimed, ${granted.slots} slots`)
    await confine(runner, { slots: granted.slots, call: work.call }, say)
    const job = serveJob({
      redis,
      address,
      clusterKey,
      jobId,
      claim: granted,
      runner,
      work,
      folder,
      sharedDir,
      say,
      onChange: () => wake(),
    })
    serving = job
    void beatOnce()
    void job.released.then((unserved) => afterRelease(job, unserved)).catch((error: Error) => say(error.message))
  }

  async function afterRelease({ jobId }: ServedJob, unserved: string | undefined): Promise<void> {
    serving = undefined
    runners.refill()
    const failed = unserved === undefined ? 0 : (failures.get(jobId) ?? 0) + 1
    if (failed > 0) failures.set(jobId, failed)
    else failures.delete(jobId)
    if (failed >= failuresPerJob && !signal.aborted) {
      const last = inOneLine(unserved ?? '')
      const reason = `${failed} runners in a row ended on node ${nodeId} before they could serve it, the last one with ${last}`
      await cancelJob(redis, jobId, { outcome: 'failed', reason })
    }
    void beatOnce()
    const next = reserved
    reserved = undefined
    if (next && !signal.aborted) await takeUpReserved(next)
    wake()
  }

  async function takeUpReserved({ jobId, image, ...claimed }: Reserved): Promise<void> {
    const active: Claim = { ...claimed, state: 'active', claimedAt: Date.now() }
    const runner = await runners.take({ id: jobId, image }).catch(async (error: unknown) => {
      await release(redis, jobId, nodeId, 0)
      throw error
    })
    if (!runner) return void (await release(redis, jobId, nodeId, 0))
    if (await renewClaim(redis, jobId, active)) await serve(jobId, active, runner)
    else runners.putBack(runner)
  }

  async function beat(): Promise<void> {
    while (!signal.aborted) {
      await beatOnce()
      await pause(heartbeatEveryMs, signal)
    }
  }

  async function beatOnce(): Promise<void> {
    const node: NodeRecord = {
      id: nodeId,
      state: serving ? (serving.draining ? 'draining' : 'claimed') : 'idle',
      ...size,
      jobId: serving?.jobId ?? null,
      running: serving?.load().running ?? 0,
      fault: runners.fault,
      warm: runners.warm,
      rehearsalId: rehearsal?.jobId ?? null,
      provider: config.provider,
      startedAt,
    }
    const renewals = reserved ? [renewClaim(redis, reserved.jobId, reserved)] : []
    const told = Promise.all([sayAlive(redis, node), ...renewals]).then(onAlive)
    await Promise.race([told, pause(heartbeatEveryMs)]).catch((error: Error) => say(`heartbeat: ${error.message}`))
  }
}
