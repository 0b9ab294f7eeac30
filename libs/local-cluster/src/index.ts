export { findRedis, type FoundRedis } from './redis/find-redis.ts'
export { setupRedis } from './redis/setup-redis.ts'
export { startRedis, type RedisOptions, type RedisProcess } from './redis/start-redis.ts'
export { askRedis, type RedisReply } from './redis/ask-redis.ts'
