/** (b) A warm single-input map: with the pool full before each call, and back to back. */
import { burla } from 'burla'
import { inspectEmbedded } from '../libs/sdk/src/internal.ts'
import { connectRedis, listNodes } from '@burla/queue'
import { setTimeout as delay } from 'node:timers/promises'
import { quantile } from './statistics.ts'

export async function latency(calls = 100) {
  const identity = (x: number) => x
  await burla.map(identity, [0])
  const { redis: login } = await inspectEmbedded()
  const redis = connectRedis({ ...login, name: 'bench' })
  const poolIsFull = async () => {
    while (!(await listNodes(redis)).every((node) => node.state === 'idle' && node.warm)) await delay(5)
  }
  const timed = async () => {
    const startedAt = performance.now()
    await burla.map(identity, [1], { progress: false })
    return performance.now() - startedAt
  }
  const full: number[] = []
  for (let call = 0; call < calls; call++) {
    await poolIsFull()
    full.push(await timed())
  }
  const backToBack: number[] = []
  for (let call = 0; call < calls; call++) backToBack.push(await timed())
  redis.disconnect()
  await burla.close()
  const figures = (ms: number[]) => ({ p50Ms: quantile(ms, 0.5), p99Ms: quantile(ms, 0.99) })
  return { calls, poolFull: figures(full), backToBack: figures(backToBack) }
}
