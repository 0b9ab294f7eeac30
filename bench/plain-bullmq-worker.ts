/** A worker process of the plain BullMQ contender: what a team would write by hand for the same no-op map. */
import { Worker } from 'bullmq'
import { connectRedis } from '@burla/queue'
import type { RedisAddress } from '@burla/protocol'

interface Config {
  address: RedisAddress
  password: string
  queue: string
}

process.once('message', ({ address, password, queue }: Config) => {
  const redis = connectRedis({ address, password, name: 'plain' })
  const worker = new Worker<{ i: number; x: number }>(
    queue,
    async ({ data }) => {
      // As fast as it gets, not as safe: the result is not waited for.
      void redis.xadd(`${queue}:results`, '*', 'i', data.i, 'v', data.x * 2)
    },
    { connection: redis, concurrency: 100, removeOnComplete: { count: 0 } },
  )
  void worker.waitUntilReady().then(() => process.send?.('ready'))
})
process.once('disconnect', () => process.exit())
