/**
 * The life of one node: it registers, looks what the jobs want, serves one tree at a time (P3), and leaves.
 * `decide.ts` holds the policy; this file acts on it.
 */
import {
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
  viewJob,
  viewLiveJobs,
} from '@burla/queue'
import {
  heartbeatEveryMs,
  type ApiAddress,
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
import { decide, slotsFor, type Decision } from './decide.ts'
import { createFailedStarts } from './failed-starts.ts'
import { confine, createJobRunners } from './job-runners.ts'
import { serveTree, type ServedTree } from './served-tree.ts'
import type { HostedRunner, RunnerHost } from './hosts/runner-host.ts'

export interface AgentConfig {
  nodeId: string
  cpus: number
  memoryGiB: number
  redis: RedisAddress
  redisPassword: string
  /** where the calls of jobs find the api */
  api: ApiAddress
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
  const failedStarts = createFailedStarts(redis, nodeId, signal)
  let serving: ServedTree | undefined
  let reserved: Reserved | undefined
  let takingUp = false
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
    if (bell.type === 'cancel') serving?.cancel(bell.jobId)
    wake()
  }

  async function look(): Promise<Look> {
    const jobs = await viewLiveJobs(redis)
    const others = jobs.some((job) => job.record.treeId !== serving?.treeId)
    const nodes = serving && others ? await listNodes(redis) : []
    const idle = nodes.filter((node) => node.id !== nodeId && node.state === 'idle')
    const sizes = new Map(nodes.map((node) => [node.id, node]))
    const decision = decide(
      { nodeId, size, ...(serving && { serving: serving.seen() }) },
      { jobs, idle, sizes, now: Date.now() },
    )
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
      case 'join': {
        const next = newClaim('active', decision.slots)
        const runner = serving?.runnerIn(image)
        if (runner && (await claim(redis, decision.jobId, next))) await serve(decision.jobId, next, runner)
        return runner ? undefined : claimWithRunner(decision.jobId, next, image)
      }
      case 'claim':
        if (takingUp) return
        return claimWithRunner(decision.jobId, newClaim('active', decision.slots), image)
    }
  }

  async function claimWithRunner(jobId: JobId, next: Claim, image: string | null): Promise<void> {
    const runner = await runners.take({ id: jobId, image })
    if (!runner) return
    if (await claim(redis, jobId, next)) await serve(jobId, next, runner)
    else runners.putBack(runner)
  }

  function newClaim(state: Claim['state'], claimedSlots: number): Claim {
    return { nodeId, state, slots: claimedSlots, runnerId: null, claimedAt: Date.now() }
  }

  async function serve(jobId: JobId, granted: Claim, runner: HostedRunner): Promise<void> {
    const [work, view] = await untilStored(() => Promise.all([readWork(redis, jobId), viewJob(redis, jobId)]), signal)
    if (work && view) {
      const slots = slotsFor(view, size)
      // One that serves already keeps what its first job asked for: the calls in it are not to lose what they have.
      if (!serving?.has(runner)) await confine(runner, { slots, call: work.call }, say)
      const tree = serving ?? newTree(view.record.treeId)
      if (tree.open && tree.treeId === view.record.treeId) {
        say(`job ${jobId}: claimed, ${granted.slots} slots`)
        tree.serve({ claim: granted, view, work, slots, runner })
        return void beatOnce()
      }
    }
    if (!serving?.has(runner)) runners.putBack(runner)
    await release(redis, jobId, nodeId, 0)
  }

  function newTree(treeId: JobId): ServedTree {
    const { clusterKey, redis: address, api } = config
    const { folder, sharedDir, layers } = host
    const common = { redis, address, api, clusterKey, cpus, folder, sharedDir, layers, say, onChange: () => wake() }
    serving = serveTree({ ...common, treeId, onReleased: failedStarts.released })
    serving.released.then(afterRelease).catch((error: Error) => say(error.message))
    return serving
  }

  async function afterRelease(): Promise<void> {
    serving = undefined
    runners.refill()
    void beatOnce()
    const next = reserved
    reserved = undefined
    takingUp = next !== undefined
    if (next && !signal.aborted) await takeUpReserved(next).finally(() => (takingUp = false))
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
      jobId: serving?.treeId ?? null,
      running: serving?.running ?? 0,
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
