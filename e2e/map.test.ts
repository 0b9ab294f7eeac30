/** `burla.map` and `burla.settle` on an embedded cluster, as a program uses them. */
import { burla } from 'burla'
import { expect, test } from 'vitest'
import { useEmbedded } from './use-embedded.ts'

useEmbedded('file')
const range = (count: number) => Array.from({ length: count }, (_, index) => index)

test('P1 results come in the order of the inputs, whatever the order in which they finish', async () => {
  const slowestFirst = async (ms: number) => {
    await new Promise((resolve) => setTimeout(resolve, ms))
    return ms
  }
  expect(await burla.map(slowestFirst, [300, 1, 200, 2, 100, 3])).toEqual([300, 1, 200, 2, 100, 3])
})

test('the function gets the input and its index, and an array is one argument', async () => {
  const pairs = await burla.map((input: number[], index) => [input, index], [[1, 2], [3]])
  expect(pairs).toEqual([
    [[1, 2], 0],
    [[3], 1],
  ])
})

test('values survive the trip there and back', async () => {
  const cycle: { self?: unknown } = {}
  cycle.self = cycle
  const values = [
    undefined,
    null,
    NaN,
    -0,
    12n,
    new Date(5),
    new Map([[{ a: 1 }, new Set([1])]]),
    /x/gi,
    new URL('http://a.b/c'),
    Buffer.from('bytes'),
    new Float64Array([1.5, NaN]),
    cycle,
  ]
  expect(await burla.map((value) => value, values)).toEqual(values)
})

test('P1 more inputs than the window come back gapless', async () => {
  const inputs = range(12_000)
  expect(await burla.map((n) => n + 1, inputs)).toEqual(inputs.map((n) => n + 1))
})

test('inputs may be any iterable, also an asynchronous one', async () => {
  function* counting() {
    yield* [1, 2, 3]
  }
  async function* slowly() {
    for (const n of [1, 2, 3]) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      yield n
    }
  }
  const double = (n: number) => n * 2
  expect(await burla.map(double, counting())).toEqual([2, 4, 6])
  expect(await burla.map(double, slowly())).toEqual([2, 4, 6])
  expect(await burla.map(double, new Set([1, 2, 3]))).toEqual([2, 4, 6])
})

test('P5 what the function closes over, and the elements of an array, are captured at the call', async () => {
  let factor = 2
  const inputs = [{ n: 1 }, { n: 2 }]
  const results = burla.map(({ n }) => n * factor, inputs)
  factor = 100
  inputs[0]!.n = 100
  inputs.push({ n: 3 })
  expect(await results).toEqual([2, 4])
})

test('a large input and a large result travel, beside small ones', async () => {
  const sizes = await burla.map(
    (bytes: Uint8Array) => new Uint8Array(bytes.length * 2).fill(bytes[0] ?? 0),
    [new Uint8Array(3_000_000).fill(7), new Uint8Array(1).fill(8)],
  )
  expect(sizes.map((bytes) => [bytes.length, bytes.at(-1)])).toEqual([
    [6_000_000, 7],
    [2, 8],
  ])
})

test('the environment of a call says where it runs, and has the variables of the option', async () => {
  const job = burla.map(() => [process.env.BURLA_JOB_ID, process.env.BURLA_INPUT_INDEX, process.env.COLOUR], [0, 1], {
    env: { COLOUR: 'red' },
  })
  expect(await job).toEqual([
    [job.jobId, '0', 'red'],
    [job.jobId, '1', 'red'],
  ])
})

test('maxParallelism bounds the calls that really run at the same moment', async () => {
  const spans = await burla.map(
    async () => {
      const startedAt = performance.timeOrigin + performance.now()
      await new Promise((resolve) => setTimeout(resolve, 30))
      return [startedAt, performance.timeOrigin + performance.now()] as const
    },
    range(6),
    { maxParallelism: 1 },
  )
  const byStart = spans.toSorted(([a], [b]) => a - b)
  // the clocks of two processes agree to a few milliseconds
  for (const [at, [startedAt]] of byStart.entries()) expect(startedAt).toBeGreaterThan((byStart[at - 1]?.[1] ?? 0) - 10)
})

test('two maps at once share one cluster and both end', async () => {
  const [a, b] = await Promise.all([
    burla.map((n: number) => n + 1, range(50)),
    burla.map((n: number) => n * 2, range(50)),
  ])
  expect(a).toEqual(range(50).map((n) => n + 1))
  expect(b).toEqual(range(50).map((n) => n * 2))
})

test('settle gives one outcome for each input, with attempts and durations', async () => {
  const settled = await burla.settle(
    async (n: number) => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      if (n === 1) throw new RangeError('one is too many')
      return n
    },
    [0, 1, 2],
    { retries: 1, retryDelayMs: 1 },
  )
  expect(settled).toEqual([
    { status: 'fulfilled', index: 0, value: 0, attempts: 1, durationMs: expect.any(Number) },
    { status: 'rejected', index: 1, reason: expect.any(RangeError), attempts: 2, durationMs: expect.any(Number) },
    { status: 'fulfilled', index: 2, value: 2, attempts: 1, durationMs: expect.any(Number) },
  ])
  for (const { durationMs } of settled) expect(durationMs).toBeGreaterThan(15)
})

test('retries make up for a failure that passes', async () => {
  const attempt = async ({ file }: { file: string }) => {
    const { existsSync, writeFileSync } = process.getBuiltinModule('node:fs')
    if (existsSync(file)) return 'second'
    writeFileSync(file, '')
    throw new Error('the first one fails')
  }
  const file = `shared/attempted-${Math.random()}`
  expect(await burla.map(attempt, [{ file }], { retries: 1, retryDelayMs: 1 })).toEqual(['second'])
})
