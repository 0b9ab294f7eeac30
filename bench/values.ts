/**
 * Values of 1 MiB, there and back, beside plain SET and GET of the same bytes on the same Redis; interleaved rounds,
 * medians. `there` are inputs whose result is their length, `back` results whose input is a number, `both` both at once.
 */
import { burla } from 'burla'
import { connectRedis, type Redis } from '@burla/queue'
import { inspectEmbedded } from '../libs/sdk/src/internal.ts'
import { quiet } from './machine.ts'
import { median } from './statistics.ts'

const MiB = 1024 * 1024
const MB = 1e6

export async function values(count = 200, rounds = 5) {
  await burla.map((x: number) => x, [0])
  const redis = connectRedis({ ...(await inspectEmbedded()).redis, name: 'bench' })
  const bytes = Array.from({ length: count }, (_, i) => Buffer.alloc(MiB, i))
  const numbers = bytes.map((_, i) => i)
  const ways: Record<'there' | 'back' | 'both' | 'set' | 'get', () => Promise<unknown>> = {
    set: () => inFlight(count, (i) => redis.set(`bench:${i}`, bytes[i] ?? '')),
    get: () => inFlight(count, (i) => redis.getBuffer(`bench:${i}`)),
    there: async () => check(await burla.map((value: Buffer) => value.length, bytes), MiB),
    back: async () => {
      const results = await burla.map((n: number) => Buffer.alloc(1024 * 1024, n), numbers)
      for (const value of results) check([value.length], MiB)
    },
    both: async () => {
      for (const value of await burla.map((value: Buffer) => value, bytes)) check([value.length], MiB)
    },
  }
  const rates = Object.fromEntries(Object.keys(ways).map((way) => [way, [] as number[]]))
  let otherLoadPercent = 0
  for (let round = 0; round < rounds; round++) {
    for (const [way, run] of Object.entries(ways)) {
      otherLoadPercent = Math.max(otherLoadPercent, await quiet())
      const startedAt = performance.now()
      await run()
      rates[way]?.push((count * MiB) / MB / ((performance.now() - startedAt) / 1000))
    }
    await clear(redis, count)
  }
  redis.disconnect()
  await burla.close()
  const megabytesPerSecond = Object.fromEntries(Object.entries(rates).map(([way, all]) => [way, median(all)]))
  return { count, rates, megabytesPerSecond: megabytesPerSecond as Record<keyof typeof ways, number>, otherLoadPercent }
}

/** As many commands at once as the SDK has large values on their way. */
async function inFlight(count: number, command: (i: number) => Promise<unknown>, atOnce = 8): Promise<void> {
  let next = 0
  const lane = async () => {
    while (next < count) await command(next++)
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
}

async function clear(redis: Redis, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await redis.unlink(`bench:${i}`)
}

function check(lengths: number[], expected: number): void {
  if (lengths.some((length) => length !== expected)) throw new Error('wrong results')
}
