/** What passes between a program and its supervisor (see `@burla/processes` for the wire). */
import type { ErrorCode, RedisAddress } from '@burla/protocol'
import type { PartEntries } from '../entries.ts'
import type { LocalClusterPids } from '../start-supervisor.ts'
import type { FoundRedis } from '../redis/find-redis.ts'
import type { ApiListen } from './cluster-home.ts'

export interface SupervisorConfig {
  home: { type: 'embedded'; token: string; sharedDir: string } | { type: 'staying'; dataFolder: string; port: number }
  redis: FoundRedis
  entries: PartEntries
  nodes: number
  cpusPerNode: number
  maxmemory: string | null
  clientGoneMs: number
  env: Record<string, string>
}

export interface ClusterDetails {
  listen: ApiListen
  token: string
  sharedDir: string
  redis: { address: RedisAddress; password: string }
  folder: string
  pids: LocalClusterPids
}

export type SupervisorMessage =
  | ({ type: 'ready' } & (ClusterDetails | { failed: { code: ErrorCode; message: string } }))
  /** a part was started again */
  | { type: 'pids'; pids: LocalClusterPids }
  /** the last words of a supervisor that gives up */
  | { type: 'ended'; why: string }
