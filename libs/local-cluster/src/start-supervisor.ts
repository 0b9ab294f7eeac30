/**
 * A program starts one process, the supervisor, and holds its stdin: however the program ends, the pipe closes and the
 * supervisor ends everything. See `supervisor/`.
 */
import { availableParallelism } from 'node:os'
import { startPart, startReaper, type PartExit } from '@burla/processes'
import { BurlaError, clientGoneMs, type RedisAddress } from '@burla/protocol'
import { compileCacheFolder, partEntries, type PartEntries } from './entries.ts'
import { findRedis, redisMissing } from './redis/find-redis.ts'
import type { ClusterDetails, SupervisorConfig, SupervisorMessage } from './supervisor/messages.ts'

export interface ClusterShape {
  /** default 1 */
  nodes?: number
  /** slots of each node; default: the CPUs of this machine */
  cpusPerNode?: number
  /** Redis's `maxmemory`, as Redis writes it: `256mb`; default: no limit */
  maxmemory?: string
  /** how long a client is waited for whose process has ended; default 60 s */
  clientGoneMs?: number
  /** environment variables for the parts, added to a clean environment; for tests */
  env?: Record<string, string>
  /** main files that replace ours; for tests */
  entries?: Partial<PartEntries>
}

export interface LocalClusterPids {
  supervisor: number
  /** undefined where the Redis of BURLA_REDIS_URL is used */
  redis?: number
  api: number
  agents: number[]
}

export interface RunningCluster {
  /** for the api */
  readonly token: string
  /** the default user of Redis, who may do everything */
  readonly redis: { address: RedisAddress; password: string }
  /** its private folder; gone when the cluster is */
  readonly folder: string
  /** as of now: a part that died is started again with another pid */
  readonly pids: LocalClusterPids
  /** Resolves when the cluster has ended: with undefined after `stop()`, else with why. */
  readonly ended: Promise<BurlaError | undefined>
  /** Ends it; resolves when nothing of it is left. */
  stop(): Promise<void>
}

interface Start {
  /** in sentences: `the embedded cluster` */
  name: string
  home: SupervisorConfig['home']
  shape: ClusterShape
  readyWithinMs: number
}

/**
 * Longer than the supervisor gives its parts, so that this reaper acts only when the supervisor itself hangs; short
 * enough that all is gone within 10 s.
 */
const supervisorGraceMs = 4_000

/** Resolves when the api answers and all nodes are there. The cluster does not keep this program from ending. */
export async function startSupervisor({
  name,
  home,
  shape,
  readyWithinMs,
}: Start): Promise<{ running: RunningCluster; details: ClusterDetails }> {
  const redis = findRedis()
  if (redis === undefined) throw redisMissing()
  const entries = { ...partEntries(), ...shape.entries }
  const config: SupervisorConfig = {
    home,
    redis,
    entries,
    nodes: shape.nodes ?? 1,
    cpusPerNode: shape.cpusPerNode ?? availableParallelism(),
    maxmemory: shape.maxmemory ?? null,
    clientGoneMs: shape.clientGoneMs ?? clientGoneMs,
    env: shape.env ?? {},
  }
  const reaper = startReaper({ graceMs: supervisorGraceMs })
  let pids: LocalClusterPids | undefined
  let endedBecause: string | undefined
  let stopping = false
  try {
    const supervisor = await startPart({
      name,
      entry: entries.supervisor,
      config,
      env: { NODE_COMPILE_CACHE: compileCacheFolder(), ...shape.env },
      readyWithinMs,
      reaper,
      onMessage(message) {
        const said = message as unknown as SupervisorMessage
        if (said.type === 'pids') pids = said.pids
        else if (said.type === 'ended') endedBecause = said.why
      },
    })
    const ready = supervisor.ready as unknown as Extract<SupervisorMessage, { type: 'ready' }>
    if ('failed' in ready) {
      await supervisor.exited
      throw new BurlaError(ready.failed.code, ready.failed.message)
    }
    supervisor.unref()
    const ended = supervisor.exited.then((exit) => {
      reaper.close()
      if (stopping) return undefined
      const why = endedBecause ?? describeExit(exit)
      return new BurlaError('CLUSTER_UNREACHABLE', `${name[0]?.toUpperCase()}${name.slice(1)} has ended: ${why}`)
    })
    const { token, folder } = ready
    const running: RunningCluster = {
      token,
      redis: ready.redis,
      folder,
      get pids() {
        return pids ?? ready.pids
      },
      ended,
      async stop() {
        stopping = true
        supervisor.ref()
        await supervisor.stop(supervisorGraceMs)
      },
    }
    return { running, details: ready }
  } catch (error) {
    reaper.close()
    throw error
  }
}

function describeExit({ code, signal, lastLines }: PartExit): string {
  return [`its supervisor ended with ${signal ?? `exit code ${code}`}.`, ...lastLines].join('\n')
}
