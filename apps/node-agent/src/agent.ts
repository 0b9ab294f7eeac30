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
  type RedisAddress,
} from '@burla/protocol'
import { listenToBell } from './bell.ts'
import { leaveOldClaims } from './old-claims.ts'
import { decide, type Decision } from './decide.ts'
import { serveJob, type ServedJob } from './served-job.ts'
import type { HostedRunner, RunnerHost } from './hosts/runner-host.ts'
import { createWarmRunners } from './warm-runners.ts'

export interface AgentConfig {
  nodeId: string
  cpus: number
  memoryGiB: number
  redis: RedisAddress
  redisPassword: string
  clusterKey: string
  provider: string
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
  const { nodeId, cpus } = config
  const connect = { address: config.redis, password: config.redisPassword, name: `burla-agent-${nodeId}` }
  const redis = connectRedis(connect)
  const slots = Math.max(1, Math.floor(cpus))
  let rehearsal: JobCredentials | undefined
  const runners = createWarmRunners({
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
  let reserved: (Claim & { jobId: JobId }) | undefined
  /** why no runner can be started, as of the last try */
  let fault: string | null = null
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

  async function look(): Promise<Decision> {
    const jobs = await viewLiveJobs(redis)
    const others = jobs.some((job) => job.record.id !== serving?.jobId)
    const nodes = serving && others ? await listNodes(redis) : []
    const idleCpus = nodes.flatMap((node) => (node.id !== nodeId && node.state === 'idle' ? [node.cpus] : []))
    const self = serving
      ? {
          jobId: serving.jobId,
          forMs: Date.now() - serving.claimedAt,
          draining: serving.draining,
          ...serving.load(),
        }
      : undefined
    return decide({ nodeId, cpus, ...(self ? { serving: self } : {}) }, { jobs, idleCpus, now: Date.now() })
  }

  async function act(decision: Decision): Promise<void> {
    switch (decision.type) {
      case 'stay':
        return
      case 'release':
        serving?.drain()
        return
      case 'change': {
        const next = newClaim('reserved', decision.slots)
        if (!(await claim(redis, decision.jobId, next))) return
        reserved = { ...next, jobId: decision.jobId }
        serving?.drain()
        return
      }
      case 'claim': {
        const next = newClaim('active', decision.slots)
        const runner = await takeRunner()
        if (!(await claim(redis, decision.jobId, next))) return runners.putBack(runner)
        return serve(decision.jobId, next, runner)
      }
    }
  }

  /** Others, and those who wait for a node, learn from the heartbeat when none can be started. */
  async function takeRunner(): Promise<HostedRunner> {
    try {
      const runner = await runners.take()
      fault = null
      return runner
    } catch (error) {
      fault = inOneLine((error as Error).message)
      void beatOnce()
      throw error
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

  async function takeUpReserved({ jobId, ...claimed }: Claim & { jobId: JobId }): Promise<void> {
    const active: Claim = { ...claimed, state: 'active', claimedAt: Date.now() }
    const runner = await takeRunner().catch(async (error: unknown) => {
      await release(redis, jobId, nodeId, 0)
      throw error
    })
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
      cpus,
      memoryGiB: config.memoryGiB,
      jobId: serving?.jobId ?? null,
      running: serving?.load().running ?? 0,
      fault,
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

/** And not all of a long log. */
function inOneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').slice(0, 500)
}
