import { BurlaError, type RedisAddress } from '@burla/protocol'
import { askRedis } from './ask-redis.ts'

const oldestVersion = '7.0'

/** Throws REDIS_REFUSED, in one sentence, for a Redis on which jobs would be lost or could see each other. */
export async function checkRedis(redis: { address: RedisAddress; password: string }): Promise<void> {
  const why = reasonToRefuse(
    (
      await askRedis(redis, [
        ['INFO', 'server'],
        ['INFO', 'memory'],
      ])
    ).join('\n'),
  )
  if (why !== undefined) throw new BurlaError('REDIS_REFUSED', why)
}

/** `info` is what INFO says; hosted servers answer it where they refuse CONFIG. */
export function reasonToRefuse(info: string): string | undefined {
  const version = /^redis_version:(\S+)/m.exec(info)?.[1] ?? 'unknown'
  if (!(Number.parseFloat(version) >= Number(oldestVersion))) {
    return `The Redis server is version ${version}; Burla needs ${oldestVersion} or newer.`
  }
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1]
  if (policy !== 'noeviction') {
    return `The Redis server's maxmemory-policy is ${policy}, which would drop inputs and results; set it to noeviction.`
  }
  return undefined
}
