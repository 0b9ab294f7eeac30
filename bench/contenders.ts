/** The same map of no-ops by others, on the same machine and the same Redis. Each resolves with inputs per second. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Queue } from 'bullmq'
import { Piscina } from 'piscina'
import { connectRedis } from '@burla/queue'
import type { RedisAddress } from '@burla/protocol'

interface RedisLogin {
  address: RedisAddress
  password: string
}

/**
 * Plain BullMQ: two worker processes of concurrency 100, results by un-awaited XADD, read back by the producer, which
 * adds in chunks of 500, two in flight.
 */
export async function plainBullmq({ address, password }: RedisLogin, count: number): Promise<number> {
  const queueName = `plain-${Date.now()}`
  const entry = fileURLToPath(new URL('./plain-bullmq-worker.ts', import.meta.url))
  const workers = [0, 1].map(() => fork(entry))
  const redis = connectRedis({ address, password, name: 'plain' })
  const reader = connectRedis({ address, password, name: 'plain' })
  try {
    await Promise.all(
      workers.map(async (worker) => {
        worker.send({ address, password, queue: queueName })
        await once(worker, 'message')
      }),
    )
    const queue = new Queue(queueName, { connection: redis })
    const startedAt = performance.now()
    const adding = (async () => {
      const inFlight: Promise<unknown>[] = []
      for (let from = 0; from < count; from += 500) {
        if (inFlight.length >= 2) await inFlight.shift()
        const size = Math.min(500, count - from)
        inFlight.push(
          queue.addBulk(Array.from({ length: size }, (_, j) => ({ name: 'x', data: { i: from + j, x: from + j } }))),
        )
      }
      await Promise.all(inFlight)
    })()
    const values: number[] = []
    for (let seen = 0, lastId = '0'; seen < count;) {
      const reply = await reader.xread('COUNT', 1000, 'BLOCK', 5000, 'STREAMS', `${queueName}:results`, lastId)
      for (const [id, fields] of reply?.[0]?.[1] ?? []) {
        values[Number(fields[1])] = Number(fields[3])
        lastId = id
        seen++
      }
    }
    await adding
    const ms = performance.now() - startedAt
    if (values.some((value, i) => value !== i * 2)) throw new Error('plain BullMQ: wrong results')
    await queue.obliterate({ force: true })
    await redis.del(`${queueName}:results`)
    await queue.close()
    return (count / ms) * 1000
  } finally {
    for (const worker of workers) worker.kill()
    redis.disconnect()
    reader.disconnect()
  }
}

/** piscina with two threads: the same process, no broker, nothing survives anything. */
export async function piscina(count: number): Promise<number> {
  const pool = new Piscina({ filename: fileURLToPath(new URL('./piscina-task.ts', import.meta.url)), maxThreads: 2 })
  await pool.run(0)
  const startedAt = performance.now()
  const values = await Promise.all(Array.from({ length: count }, (_, i) => pool.run(i) as Promise<number>))
  const ms = performance.now() - startedAt
  if (values.some((value, i) => value !== i * 2)) throw new Error('piscina: wrong results')
  await pool.destroy()
  return (count / ms) * 1000
}
