import type { RedisAddress } from '@burla/protocol'

/** What the api's parent tells it on its first line of stdin. */
export interface ApiConfig {
  listen: { socketPath: string } | { host: string; port: number }
  redis: RedisAddress
  /** where programs outside find the same Redis, when that is another address */
  publicRedis?: RedisAddress
  /** of Redis's default user */
  redisPassword: string
  /** what the passwords of the jobs' Redis users are derived from */
  clusterKey: string
  /** sha256 of the cluster's token, in hex: the api itself never needs the token */
  tokenHash: string
  /** whether the history of jobs is kept: not where nobody could ever ask for it */
  history: boolean
  /** no node that started before this time is there any more */
  nodesSince?: number
}
