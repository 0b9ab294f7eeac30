/**
 * `maxParallelism` is exact: measured by the calls themselves, over three nodes, no more of them ever run at the same
 * moment than it allows, whatever is thrown, retried, killed or lost; and what it allows is used.
 */
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { burla } from 'burla'
import { inspectEmbedded } from 'burla/internal'
import { familyOf, freeze, kill9, until } from '@burla/testkit'
import { beforeAll, expect, test } from 'vitest'
import { useEmbedded } from './use-embedded.ts'

const embedded = useEmbedded('file')
beforeAll(() => embedded.shape(3, 2))

interface Ticking {
  /** a call writes a line here every few milliseconds as long as it lives */
  file: string
  ms: number
  /** what it does at its end, or instead of ending; the first attempt only */
  end?: 'throw' | 'exit' | 'never'
}

/** Sleeps without giving its thread away, so that it sees no channel close: only a kill ends it early. */
async function ticking({ file, ms, end }: Ticking, index: number): Promise<number> {
  const { appendFileSync: append, existsSync, writeFileSync } = await import('node:fs')
  const id = `${process.pid} ${process.ppid} ${Math.random()}`
  const tick = () => append(file, `${index} ${id} ${process.hrtime.bigint()}\n`)
  const sleeper = new Int32Array(new SharedArrayBuffer(4))
  const isFirst = !existsSync(`${file}.${index}`)
  writeFileSync(`${file}.${index}`, '')
  const endAt = performance.now() + ms
  tick()
  while (performance.now() < endAt || (isFirst && end === 'never')) {
    Atomics.wait(sleeper, 0, 0, 3)
    tick()
  }
  tick()
  if (isFirst && end === 'exit') process.exit(3)
  if (isFirst && end === 'throw') throw new Error('once')
  return index
}

interface Life {
  index: number
  pid: number
  runnerPid: number
  from: number
  to: number
}

interface TickLog extends Disposable {
  file: string
  /** from the first to the last tick of each call, in milliseconds */
  lives(): Life[]
}

function recordTicks(): TickLog {
  const folder = mkdtempSync(join(tmpdir(), 'burla-test-'))
  const file = join(folder, 'ticks')
  appendFileSync(file, '')
  return {
    file,
    lives() {
      const lives = new Map<number, Life>()
      for (const line of readFileSync(file, 'utf8').split('\n').slice(0, -1)) {
        const [index = 0, pid = 0, runnerPid = 0, id = 0, ns = 0] = line.split(' ').map(Number)
        const at = ns / 1e6
        const life = lives.get(id) ?? { index, pid, runnerPid, from: at, to: at }
        life.to = at
        lives.set(id, life)
      }
      return [...lives.values()]
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  }
}

interface Edge {
  at: number
  by: 1 | -1
}

/** Starts before ends where they are at the same moment. */
function edgesOf(lives: Life[]): Edge[] {
  const edges = lives.flatMap(({ from, to }): Edge[] => [
    { at: from, by: 1 },
    { at: to, by: -1 },
  ])
  return edges.toSorted((a, b) => a.at - b.at || b.by - a.by)
}

function peakOf(lives: Life[]): number {
  let running = 0
  return Math.max(...edgesOf(lives).map(({ by }) => (running += by)))
}

/** For each end after which there was a start: milliseconds from the one to the other. */
function refills(lives: Life[]): number[] {
  const freed: number[] = []
  return edgesOf(lives).flatMap(({ at, by }) => {
    if (by === -1) freed.push(at)
    const freedAt = by === 1 ? freed.shift() : undefined
    return freedAt === undefined ? [] : [at - freedAt]
  })
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

test('P4 throws, exits and time-outs with retries: never more than five calls run, on several nodes', async () => {
  using log = recordTicks()
  const ends = [undefined, 'throw', undefined, 'exit', undefined, 'never'] as const
  const inputs = numbers(36).map((index) => ({ file: log.file, ms: 60, end: ends[index % ends.length] }) as Ticking)
  const options = { maxParallelism: 5, retries: 1, retryDelayMs: 20, timeoutMs: 500 }
  expect(await burla.map(ticking, inputs, options)).toEqual(numbers(36))
  const lives = log.lives()
  expect(lives).toHaveLength(54)
  expect(new Set(lives.map(({ runnerPid }) => runnerPid)).size).toBeGreaterThan(1)
  // how many of the five places are in use at some moment is for the machine to say
  expect(peakOf(lives)).toBeLessThanOrEqual(5)
})

test('tiny inputs that share lists: never more than three calls run', async () => {
  using log = recordTicks()
  const inputs = numbers(1_500).map(() => ({ file: log.file, ms: 0 }))
  expect(await burla.map(ticking, inputs, { maxParallelism: 3 })).toEqual(numbers(1_500))
  const lives = log.lives()
  expect(lives).toHaveLength(1_500)
  expect(peakOf(lives)).toBeGreaterThan(1)
  expect(peakOf(lives)).toBeLessThanOrEqual(3)
})

test('P2 a slot that was killed is not waited for: its input runs again in a process that is there already', async () => {
  using log = recordTicks()
  const results = burla.map(ticking, [{ file: log.file, ms: 600 }], { maxParallelism: 1 })
  const [first] = await until('it runs', () => log.lives().length > 0 && log.lives())
  const slots = familyOf(first?.runnerPid ?? 0).map(({ pid }) => pid)
  const { pids } = await inspectEmbedded()
  const all = [...slots, ...pids.agents.flatMap((agent) => familyOf(agent).map(({ pid }) => pid))]
  kill9(first?.pid ?? 0)
  expect(await results).toEqual([0])
  expect(all).toContain(log.lives().at(-1)?.pid)
})

test('P2 kill -9 of a slot, a runner and an agent: a place is free only when its call is dead, and then it is used', async () => {
  using log = recordTicks()
  const count = 28
  const inputs = numbers(count).map(() => ({ file: log.file, ms: 600 }))
  const results = burla.map(ticking, inputs, { maxParallelism: 4 })
  const running = async (after: number) => {
    const started = (lives: Life[]) => lives.filter(({ from }) => from > after)
    await until('calls have started anew', () => started(log.lives()).length >= 5, { timeoutMs: 30_000 })
    return log.lives().toSorted((a, b) => b.from - a.from)
  }
  const now = () => Number(process.hrtime.bigint()) / 1e6

  const [slot] = await running(0)
  kill9(slot?.pid ?? 0)

  // Its reaper would end its slots within milliseconds; here nobody but the agent does.
  const [{ runnerPid } = { runnerPid: 0 }] = await running(now())
  const reaper = familyOf(runnerPid).find(({ command }) => command.includes('burla-reaper'))
  freeze(reaper?.pid ?? 0)
  kill9(runnerPid)

  const [last] = await running(now())
  const { pids } = await inspectEmbedded()
  const agent = pids.agents.find((pid) => familyOf(pid).some((one) => one.pid === last?.runnerPid))
  kill9(agent ?? 0)

  expect(await results).toEqual(numbers(count))
  kill9(reaper?.pid ?? 0)
  const lives = log.lives()
  expect(lives.length).toBeGreaterThan(count + 2)
  expect(peakOf(lives)).toBe(4)
  expect(new Set(lives.map((life) => life.runnerPid)).size).toBeGreaterThanOrEqual(3)
  const waits = refills(lives).toSorted((a, b) => b - a)
  console.log(
    `${waits.length} freed places, taken after ${waits
      .slice(0, 6)
      .map((ms) => ms.toFixed(0))
      .join(', ')} ... ms`,
  )
})
