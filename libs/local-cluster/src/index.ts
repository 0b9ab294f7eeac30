export { compileCacheFolder, type PartEntries } from './entries.ts'
export {
  startLocalCluster,
  type LocalCluster,
  type LocalClusterOptions,
  type LocalClusterPids,
} from './local-cluster.ts'
export { askRedis, type RedisReply } from './redis/ask-redis.ts'
export { findRedis, type FoundRedis } from './redis/find-redis.ts'
export { setupRedis } from './redis/setup-redis.ts'
export { startRedis, type RedisOptions, type RedisProcess } from './redis/start-redis.ts'
