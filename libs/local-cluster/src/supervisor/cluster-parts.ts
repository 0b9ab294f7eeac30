/** What a cluster consists of: Redis, the api and an agent for each node, with their configs. */
import { createHash, createHmac } from 'node:crypto'
import { appendFileSync, mkdirSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { startPart, type Reaper } from '@burla/processes'
import { randomText, type RedisAddress } from '@burla/protocol'
import { checkRedis } from '../redis/check-redis.ts'
import {
  randomRedisPassword,
  redisLastLines,
  redisSocketPath,
  startRedis,
  type RedisProcess,
} from '../redis/start-redis.ts'
import type { Kept, Running } from './keep-running.ts'
import type { SupervisorConfig } from './messages.ts'

export interface ClusterParts {
  redis: { address: RedisAddress; password: string }
  api: { socketPath: string }
  /** Rejects when the Redis that was given cannot be used; one of ours is checked when it starts. */
  checkGivenRedis(): Promise<void>
  /** Their names: `redis` (one of ours only), `api`, `agent-1`, `agent-2`, ... */
  kept: Kept[]
}

interface Surroundings {
  folder: string
  reaper: Reaper
  signal: AbortSignal
}

export function clusterParts(config: SupervisorConfig, { folder, reaper, signal }: Surroundings): ClusterParts {
  const given = config.redis.type === 'address' ? config.redis : undefined
  const redis = given ?? { address: { path: redisSocketPath(folder) }, password: randomRedisPassword() }
  const api = { socketPath: join(folder, 'api.sock') }
  const common = { redis: redis.address, redisPassword: redis.password, clusterKey: clusterKeyOf(redis.password) }
  const start = (name: string, entry: string, own: object): Promise<Running> =>
    startPart({
      name,
      entry,
      config: { ...common, ...own },
      env: config.env,
      cwd: folder,
      reaper,
      signal,
      onLine: (line) => appendFileSync(join(folder, `${name}.log`), `${line}\n`),
    })

  const startApi = () =>
    start('api', config.entries.api, {
      listen: api,
      tokenHash: createHash('sha256').update(config.token).digest('hex'),
    })
  const startAgent = (place: number) => {
    // Another id each time: what a dead agent held must be declared lost, not be taken for the new one's.
    const nodeId = `node-${place}-${randomText(4)}`
    const nodeFolder = join(folder, nodeId)
    mkdirSync(nodeFolder, { mode: 0o700 })
    return start(`agent-${place}`, config.entries.agent, {
      nodeId,
      cpus: config.cpusPerNode,
      memoryGiB: memoryGiB() / config.nodes,
      provider: 'process',
      folder: nodeFolder,
      sharedDir: config.sharedDir,
      runnerEntry: config.entries.runner,
      warmRunners: 1,
    })
  }
  const agents = Array.from({ length: config.nodes }, (_, index) => index + 1).map((place) => ({
    name: `agent-${place}`,
    start: () => startAgent(place),
  }))
  const redisPart = { name: 'redis', start: createRedisStart(config, { folder, reaper, password: redis.password }) }
  return {
    redis: { address: redis.address, password: redis.password },
    api,
    checkGivenRedis: async () => given && checkRedis(given),
    kept: [...(given ? [] : [redisPart]), { name: 'api', start: startApi }, ...agents],
  }
}

/** Starts Redis at first, and restarts it with its data and users after that. */
function createRedisStart(
  { redis, maxmemory }: SupervisorConfig,
  own: { folder: string; reaper: Reaper; password: string },
): () => Promise<Running> {
  let started: RedisProcess | undefined
  return async () => {
    if (started === undefined) {
      started = await startRedis({
        ...own,
        aof: true,
        ...(redis.type === 'program' ? { program: redis.path } : {}),
        ...(maxmemory === null ? {} : { maxmemory }),
      })
    } else await started.restart()
    const { pid, exited, kill } = started
    // Its data goes with the cluster, so there is nothing to save.
    return { pid, exited: exited.then(() => ({ lastLines: redisLastLines(own.folder) })), stop: kill }
  }
}

/** Derived, so that the clusters of all programs on one given Redis know the same passwords of jobs. */
function clusterKeyOf(password: string): string {
  return createHmac('sha256', password).update('burla cluster key').digest('hex')
}

/** What this machine or its control group has. Without a limit, Node says 0 or more than there is. */
function memoryGiB(): number {
  const limit = process.constrainedMemory()
  return (limit > 0 ? Math.min(limit, totalmem()) : totalmem()) / 2 ** 30
}
