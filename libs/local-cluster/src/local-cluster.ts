/**
 * A cluster on this machine, private to this program. The program starts one process, the supervisor, and holds its
 * stdin: however the program ends, the pipe closes and the supervisor ends everything. See `supervisor/`.
 */
import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { startPart, startReaper, type PartExit } from '@burla/processes'
import { BurlaError, type ErrorCode, type RedisAddress } from '@burla/protocol'
import { compileCacheFolder, partEntries, type PartEntries } from './entries.ts'
import { findRedis, redisMissing } from './redis/find-redis.ts'
import type { SupervisorConfig, SupervisorMessage } from './supervisor/messages.ts'

export interface LocalClusterOptions {
  /** default 1 */
  nodes?: number
  /** slots of each node; default: the CPUs of this machine */
  cpusPerNode?: number
  /** the folder that functions see as `shared/`; default `burla-shared` of the working directory; removed at the end when empty */
  sharedDir?: string
  /** Redis's `maxmemory`, as Redis writes it: `256mb`; default: no limit */
  maxmemory?: string
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

export interface LocalCluster {
  readonly api: { socketPath: string }
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

/**
 * Longer than the supervisor gives its parts, so that this reaper acts only when the supervisor itself hangs; short
 * enough that all is gone within 10 s.
 */
const supervisorGraceMs = 4_000

/** Resolves when the api answers and all nodes are there. The cluster does not keep this program from ending. */
export async function startLocalCluster(options: LocalClusterOptions = {}): Promise<LocalCluster> {
  const redis = findRedis()
  if (redis === undefined) throw redisMissing()
  const token = randomBytes(24).toString('base64url')
  const entries = { ...partEntries(), ...options.entries }
  const config: SupervisorConfig = {
    token,
    redis,
    entries,
    nodes: options.nodes ?? 1,
    cpusPerNode: options.cpusPerNode ?? availableParallelism(),
    sharedDir: options.sharedDir ?? join(process.cwd(), 'burla-shared'),
    maxmemory: options.maxmemory ?? null,
    env: options.env ?? {},
  }
  const reaper = startReaper({ graceMs: supervisorGraceMs })
  let pids: LocalClusterPids | undefined
  let endedBecause: string | undefined
  let stopping = false
  try {
    const supervisor = await startPart({
      name: 'the embedded cluster',
      entry: entries.supervisor,
      config,
      env: { NODE_COMPILE_CACHE: compileCacheFolder(), ...options.env },
      readyWithinMs: 30_000,
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
      return stopping ? undefined : endedError(endedBecause ?? describeExit(exit))
    })
    const { api, folder } = ready
    const first = ready.pids
    return {
      api,
      token,
      redis: ready.redis,
      folder,
      get pids() {
        return pids ?? first
      },
      ended,
      async stop() {
        stopping = true
        supervisor.ref()
        await supervisor.stop(supervisorGraceMs)
      },
    }
  } catch (error) {
    reaper.close()
    throw error
  }
}

function endedError(why: string): BurlaError {
  const code: ErrorCode = 'CLUSTER_UNREACHABLE'
  return new BurlaError(code, `The embedded cluster has ended: ${why}`)
}

function describeExit({ code, signal, lastLines }: PartExit): string {
  return [`its supervisor ended with ${signal ?? `exit code ${code}`}.`, ...lastLines].join('\n')
}
