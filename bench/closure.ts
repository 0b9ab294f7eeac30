/** (g) Taking functions along: capturing and restoring, and what a small closure costs a warm map of one input. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { connectRedis, listNodes } from '@burla/queue'
import { burla } from 'burla'
import { inspectEmbedded } from '../libs/sdk/src/internal.ts'
import { quiet } from './machine.ts'
import { median, quantile } from './statistics.ts'

interface Figures {
  /** the first in a process, the inspector's start included */
  firstMs: number
  laterMs: number
  laterP99Ms: number
  bytes: number
  /** the first in a process */
  firstRestoreMs: number
  restoreMs: number
  /** 200,000 plain objects, captured and by v8.serialize, in turns */
  plainMs: number
  v8Ms: number
  /** a captured Float64Array of 100 MiB: the time, and by how much memory of buffers grows */
  largeMs: number
  largeCaptureMiB: number
  largeRestoreMiB: number
}

export async function closure(rounds = 5, calls = 100) {
  const runs: Figures[] = []
  for (let round = 0; round < rounds; round++) runs.push(await run())
  const names = Object.keys(runs[0] ?? {}) as (keyof Figures)[]
  const figures = Object.fromEntries(names.map((name) => [name, median(runs.map((each) => each[name]))]))
  const ratios = runs.map(({ plainMs, v8Ms }) => plainMs / v8Ms)
  return { runs, ...(figures as unknown as Figures), plainRatio: median(ratios), map: await maps(calls) }
}

async function run(): Promise<Figures> {
  await quiet()
  const program = fileURLToPath(new URL('./closure-program.ts', import.meta.url))
  const child = fork(program, { execArgv: ['--expose-gc'] })
  const [figures] = (await once(child, 'message')) as [Figures]
  await once(child, 'exit')
  return figures
}

/** In turns, the pool full before each. */
async function maps(calls: number) {
  const factor = 2
  const labels = { base: 'x', weights: [1, 2, 3] }
  const weighted = (n: number) => n * factor + labels.weights.length
  const functions = { text: (x: number) => x, closure: (x: number) => join(labels.base, String(weighted(x))).length }
  await burla.map(functions.text, [0])
  const redis = connectRedis({ ...(await inspectEmbedded()).redis, name: 'bench' })
  const poolIsFull = async () => {
    while (!(await listNodes(redis)).every((node) => node.state === 'idle' && node.warm)) await delay(5)
  }
  const ms = { text: [] as number[], closure: [] as number[] }
  for (let call = 0; call < 2 * calls; call++) {
    const which = call % 2 === 0 ? 'text' : 'closure'
    await poolIsFull()
    const startedAt = performance.now()
    await burla.map(functions[which], [1], { progress: false })
    ms[which].push(performance.now() - startedAt)
  }
  redis.disconnect()
  await burla.close()
  return { textP50Ms: quantile(ms.text, 0.5), closureP50Ms: quantile(ms.closure, 0.5) }
}
