/** What a cluster consists of: Redis, the api and an agent for each node, with their configs. */
import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { startPart, type Reaper } from '@burla/processes'
import { clusterKeyOf, randomText, type ApiAddress, type RedisAddress } from '@burla/protocol'
import { checkRedis } from '../redis/check-redis.ts'
import { redisLastLines, redisLog, startRedis, type RedisProcess } from '../redis/start-redis.ts'
import { boundLog, openLog } from './bounded-log.ts'
import type { ApiListen, OpenHome } from './cluster-home.ts'
import type { Kept, Running } from './keep-running.ts'
import type { SupervisorConfig } from './messages.ts'

export interface ClusterParts {
  redis: { address: RedisAddress; password: string }
  /** Rejects when the Redis that was given cannot be used; one of ours is checked when it starts. */
  checkGivenRedis(): Promise<void>
  /** Their names: `redis` (one of ours only), `api`, `agent-1`, `agent-2`, ... */
  kept: Kept[]
}

interface Surroundings {
  /** private to this start */
  folder: string
  home: OpenHome
  reaper: Reaper
  signal: AbortSignal
}

export function clusterParts(config: SupervisorConfig, surroundings: Surroundings): ClusterParts {
  const { folder, home, reaper, signal } = surroundings
  const given = config.redis.type === 'address' ? config.redis : undefined
  const redis = given ?? { address: { path: home.redis.socketPath }, password: home.redis.password }
  const common = { redis: redis.address, redisPassword: redis.password, clusterKey: clusterKeyOf(redis.password) }
  const start = (name: string, entry: string, own: object): Promise<Running> => {
    const log = openLog(join(home.logFolder, `${name}.log`))
    return startPart({
      name,
      entry,
      config: { ...common, ...own },
      env: config.env,
      cwd: folder,
      reaper,
      signal,
      onLine: log,
    })
  }

  const startedAt = Date.now()
  const startApi = () =>
    start('api', config.entries.api, {
      listen: home.listen,
      tokenHash: createHash('sha256').update(home.token).digest('hex'),
      // Only its own program could ask an embedded one, and it has the results themselves.
      history: config.home.type === 'staying',
      // Where Redis is ours, its nodes are ours, and those of an earlier start ended with it.
      ...(given ? {} : { nodesSince: startedAt }),
      clientGoneMs: config.clientGoneMs,
    })
  const startAgent = (place: number) => {
    // Another id each time: what a dead agent held must be declared lost, not be taken for the new one's.
    const nodeId = `node-${place}-${randomText(4)}`
    const nodeFolder = join(folder, nodeId)
    mkdirSync(nodeFolder, { mode: 0o700 })
    return start(`agent-${place}`, config.entries.agent, {
      nodeId,
      cpus: config.cpusPerNode,
      api: addressOf(home.listen),
      memoryGiB: memoryGiB() / config.nodes,
      provider: 'process',
      folder: nodeFolder,
      sharedDir: home.sharedDir,
      runnerEntry: config.entries.runner,
      warmRunners: 1,
    })
  }
  const agents = Array.from({ length: config.nodes }, (_, index) => index + 1).map((place) => ({
    name: `agent-${place}`,
    start: () => startAgent(place),
  }))
  const redisPart = { name: 'redis', start: createRedisStart(config, surroundings) }
  return {
    redis: { address: redis.address, password: redis.password },
    checkGivenRedis: async () => given && checkRedis(given),
    kept: [...(given ? [] : [redisPart]), { name: 'api', start: startApi }, ...agents],
  }
}

function addressOf(listen: ApiListen): ApiAddress {
  return 'socketPath' in listen ? listen : { url: `http://${listen.host}:${listen.port}` }
}

const lookAtLogEveryMs = 60_000

/** Starts Redis at first, and restarts it with its data and users after that. */
function createRedisStart(
  { redis, maxmemory }: SupervisorConfig,
  { home, reaper, signal }: Surroundings,
): () => Promise<Running> {
  const { stays, ...own } = home.redis
  let started: RedisProcess | undefined
  const looking = setInterval(() => boundLog(redisLog(own.folder)), lookAtLogEveryMs)
  signal.addEventListener('abort', () => clearInterval(looking), { once: true })
  return async () => {
    if (started === undefined) {
      started = await startRedis({
        ...own,
        reaper,
        aof: true,
        sync: stays,
        ...(redis.type === 'program' ? { program: redis.path } : {}),
        ...(maxmemory === null ? {} : { maxmemory }),
      })
    } else await started.restart()
    const { pid, exited, kill, stop } = started
    // Where its data goes with the cluster there is nothing to save.
    return { pid, exited: exited.then(() => ({ lastLines: redisLastLines(own.folder) })), stop: stays ? stop : kill }
  }
}

/** What this machine or its control group has. Without a limit, Node says 0 or more than there is. */
function memoryGiB(): number {
  const limit = process.constrainedMemory()
  return (limit > 0 ? Math.min(limit, totalmem()) : totalmem()) / 2 ** 30
}
