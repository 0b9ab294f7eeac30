/** A Redis that nobody owns any more: its supervisor and its reaper were both killed. */
import { setTimeout as delay } from 'node:timers/promises'
import { BurlaError, type RedisAddress } from '@burla/protocol'
import { askRedis } from './ask-redis.ts'

const endWithinMs = 10_000

/** Resolves when none listens at this address; one that does is asked to end, with its data stored. */
export async function endOrphanedRedis(redis: { address: RedisAddress; password: string }): Promise<void> {
  const giveUpAt = Date.now() + endWithinMs
  for (;;) {
    try {
      await askRedis(redis, [['SHUTDOWN']])
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' || code === 'ECONNREFUSED') return
      if (Date.now() > giveUpAt) {
        throw new BurlaError(
          'CLUSTER_START_FAILED',
          `A Redis of an earlier start still listens at ${JSON.stringify(redis.address)} and does not end (${message}); end it.`,
          { cause: error },
        )
      }
    }
    await delay(50)
  }
}
