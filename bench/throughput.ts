/** (a) 20,000 no-op inputs through two slots, beside plain BullMQ and piscina; interleaved rounds, medians. */
import { burla } from 'burla'
import { inspectEmbedded } from '../libs/sdk/src/internal.ts'
import { piscina, plainBullmq } from './contenders.ts'
import { quiet } from './machine.ts'
import { median } from './statistics.ts'

export async function throughput(count = 20_000, rounds = 3) {
  const inputs = Array.from({ length: count }, (_, i) => i)
  await burla.map((x: number) => x, [0])
  const { redis } = await inspectEmbedded()
  const perSecond: Record<'burla' | 'plain BullMQ' | 'piscina', number[]> = {
    burla: [],
    'plain BullMQ': [],
    piscina: [],
  }
  const loads: number[] = []
  for (let round = 0; round < rounds; round++) {
    loads.push(await quiet())
    const startedAt = performance.now()
    const results = await burla.map((x: number) => x * 2, inputs, { progress: false })
    perSecond.burla.push((count / (performance.now() - startedAt)) * 1000)
    if (results.some((value, i) => value !== i * 2)) throw new Error('wrong results')
    loads.push(await quiet())
    perSecond['plain BullMQ'].push(await plainBullmq(redis, count))
    loads.push(await quiet())
    perSecond.piscina.push(await piscina(count))
  }
  await burla.close()
  const rates = {
    burla: median(perSecond.burla),
    plainBullmq: median(perSecond['plain BullMQ']),
    piscina: median(perSecond.piscina),
  }
  return {
    count,
    rounds: perSecond,
    rates,
    ratioToPlainBullmq: median(perSecond.burla.map((rate, i) => rate / (perSecond['plain BullMQ'][i] ?? NaN))),
    otherLoadPercent: Math.max(...loads),
  }
}
