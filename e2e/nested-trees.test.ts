/** Trees and the nodes of a cluster: who serves what, when a call waits for a job that it has started (P3). */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { burla } from 'burla'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { useEmbedded } from './use-embedded.ts'

const embedded = useEmbedded('test')
let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'burla-test-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

interface Span {
  tree: string
  level: string
  nodeId: string
  from: number
  to: number
}

/** Notes when it begins and ends to keep a CPU busy for `ms`. */
async function busy(file: string, span: { tree: string; level: string }, ms: number): Promise<void> {
  const { appendFileSync: append } = await import('node:fs')
  const from = Date.now()
  while (Date.now() - from < ms);
  append(file, `${JSON.stringify({ ...span, nodeId: process.env['BURLA_NODE_ID'], from, to: Date.now() })}\n`)
}

function spansIn(file: string): Span[] {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Span)
}

/** The most of them at the same moment. */
function mostAtOnce(spans: Span[]): number {
  return Math.max(...spans.map(({ from }) => spans.filter((other) => other.from <= from && from < other.to).length))
}

test('P3 a call that waits does not count for maxParallelism: others run until it comes back', async () => {
  embedded.shape(1, 2)
  const file = join(folder, 'second')
  const waited = await burla.map(
    async (input) => {
      const { existsSync: exists, writeFileSync: write } = await import('node:fs')
      if (input === 'second') return write(file, '')
      // Ends when the other call of its job has run.
      const untilSecond = async () => {
        while (!exists(file)) await new Promise((resolve) => setTimeout(resolve, 10))
        return 'second has run'
      }
      return (await burla.map(untilSecond, [0]))[0]
    },
    ['first', 'second'],
    { maxParallelism: 1, batch: 1 },
  )
  expect(waited).toEqual(['second has run', undefined])
})

test('P3 before and after they wait, no more calls run than maxParallelism and than there are CPUs', async () => {
  embedded.shape(2, 2)
  const file = join(folder, 'spans')
  const outer = async (n: number) => {
    await busy(file, { tree: '', level: 'outer' }, 40)
    const [m] = await burla.map(() => busy(file, { tree: '', level: 'inner' }, 40), [0, 1])
    await busy(file, { tree: '', level: 'outer' }, 40)
    return [n, m]
  }
  await burla.map(outer, [0, 1, 2, 3], { maxParallelism: 1, batch: 1 })
  const spans = spansIn(file)
  expect(spans).toHaveLength(16)
  expect(mostAtOnce(spans.filter(({ level }) => level === 'outer'))).toBe(1)
  for (const nodeId of new Set(spans.map((span) => span.nodeId))) {
    expect(mostAtOnce(spans.filter((span) => span.nodeId === nodeId))).toBeLessThanOrEqual(2)
  }
})

test('P3 a job inside a call runs on other nodes too, and a node is never of two trees at once', async () => {
  embedded.shape(3, 1)
  const file = join(folder, 'spans')
  const start = (tree: string) =>
    burla.map(
      () => burla.map(() => busy(file, { tree, level: 'inner' }, 200), [0, 1, 2, 3, 4, 5], { batch: 1 }),
      [0, 1],
      { batch: 1 },
    )
  const [first, second] = await Promise.all([start('first'), start('second')])
  expect([first.flat(), second.flat()].map((all) => all.length)).toEqual([12, 12])
  const spans = spansIn(file)
  for (const tree of ['first', 'second']) {
    expect(new Set(spans.filter((span) => span.tree === tree).map(({ nodeId }) => nodeId)).size).toBeGreaterThan(1)
  }
  for (const { nodeId, tree, from, to } of spans) {
    const others = spans.filter((span) => span.nodeId === nodeId && span.tree !== tree)
    expect(others.filter((other) => other.from < to && from < other.to)).toEqual([])
  }
})

test('P3 two trees on one node of one slot both end, though calls wait for longer than the turn of a tree', async () => {
  embedded.shape(1, 1)
  const file = join(folder, 'spans')
  const start = (tree: string) =>
    burla.map(
      async (n) =>
        (await burla.map(() => busy(file, { tree, level: 'inner' }, 600), Array.from({ length: 10 }))).length + n,
      [0, 1],
      { name: tree },
    )
  const [first, second] = await Promise.all([start('first'), start('second')])
  expect([first, second]).toEqual([
    [10, 11],
    [10, 11],
  ])
  // A call is waited for, with all that is below it; then it is the other one's turn.
  const turns = spansIn(file)
    .toSorted((a, b) => a.from - b.from)
    .map(({ tree }) => tree)
    .filter((tree, at, all) => tree !== all[at - 1])
  expect(turns).toHaveLength(4)
})
