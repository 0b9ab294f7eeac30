/** One run of (d): streams inputs through the function and back, watching its own memory and that of Redis. */
import { burla } from 'burla'
import { connectRedis } from '@burla/queue'
import { inspectEmbedded } from '../libs/sdk/src/internal.ts'

process.once('message', ({ inputs, bytesEach }: { inputs: number; bytesEach: number }) => {
  void run(inputs, bytesEach).then((figures) => {
    process.send?.(figures)
    process.disconnect()
  })
})

async function run(inputs: number, bytesEach: number) {
  const { redis: login } = await inspectEmbedded()
  const redis = connectRedis({ ...login, name: 'bench' })
  let redisBytes = 0
  let clientBytes = 0
  const watch = setInterval(() => {
    clientBytes = Math.max(clientBytes, process.memoryUsage().rss)
    void redis.info('memory').then((info) => {
      redisBytes = Math.max(redisBytes, Number(/used_memory:(\d+)/.exec(info)?.[1]))
    })
  }, 25)
  function* values() {
    for (let i = 0; i < inputs; i++) yield bytesEach > 0 ? Buffer.alloc(bytesEach, i & 255) : i
  }
  const startedAt = performance.now()
  let seen = 0
  for await (const { index, value } of burla.stream((x: number | Buffer) => x, values(), { progress: false })) {
    if (typeof value === 'number' ? value !== index : value[bytesEach - 1] !== (index & 255))
      throw new Error(`wrong: ${index}`)
    seen++
  }
  const seconds = (performance.now() - startedAt) / 1000
  clearInterval(watch)
  globalThis.gc?.()
  const clientHeapMiB = toMiB(process.memoryUsage().heapUsed)
  if (seen !== inputs) throw new Error(`${seen} results`)
  redis.disconnect()
  await burla.close()
  return { inputs, bytesEach, seconds, clientMiB: toMiB(clientBytes), clientHeapMiB, redisMiB: toMiB(redisBytes) }
}

function toMiB(bytes: number): number {
  return bytes / 1024 / 1024
}
