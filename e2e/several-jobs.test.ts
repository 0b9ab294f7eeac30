/** P3 Several jobs at once: nodes are exclusive, change hands fairly, and nothing waits for ever. */
import { burla } from 'burla'
import { askRedis } from '@burla/local-cluster'
import { until } from '@burla/testkit'
import { expect, test } from 'vitest'
import { inspectEmbedded } from 'burla/internal'
import { recordExecutions, recorded, type Execution } from './executions.ts'
import { useEmbedded } from './use-embedded.ts'

const embedded = useEmbedded('test')
const double = (x: number) => x * 2
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

/** Pairs of executions of different jobs that were on one node at the same moment. */
function sharedNodes(executions: Execution[]): [Execution, Execution][] {
  return executions.flatMap((a, place) =>
    executions
      .slice(place + 1)
      .filter((b) => a.nodeId === b.nodeId && a.jobId !== b.jobId)
      .filter((b) => a.startedAt < (b.endedAt ?? Infinity) && b.startedAt < (a.endedAt ?? Infinity))
      .map((b): [Execution, Execution] => [a, b]),
  )
}

test('P3 two maps at once on one node with one slot both end', async () => {
  embedded.shape(1, 1)
  const [one, two] = await Promise.all([burla.map(double, numbers(5)), burla.map(double, numbers(5))])
  expect([one, two]).toEqual([numbers(5).map(double), numbers(5).map(double)])
})

test('P3 three nodes and five jobs: no node ever serves two jobs at the same moment', async () => {
  embedded.shape(3, 1)
  using log = recordExecutions()
  const jobs = numbers(5).map((job) =>
    burla.map(
      recorded,
      numbers(12).map(() => ({ file: log.file, ms: 40 + job * 20 })),
      { name: `job-${job}` },
    ),
  )
  for (const results of await Promise.all(jobs)) expect(results).toEqual(numbers(12).map(double))
  const executions = log.all()
  expect(executions).toHaveLength(60)
  expect(new Set(executions.map((e) => e.nodeId)).size).toBe(3)
  expect(sharedNodes(executions)).toEqual([])
})

test('P3 a job of one input gets its turn while a job of very many runs on the only node', async () => {
  embedded.shape(1, 1)
  function* many() {
    for (let i = 0; i < 1_000_000; i++) yield i
  }
  let seen = 0
  const leave = new AbortController()
  const reading = (async () => {
    for await (const _ of burla.stream(double, many(), { signal: leave.signal })) seen++
  })()
  const left = expect(reading).rejects.toMatchObject({ code: 'JOB_CANCELLED' })
  await until('the long job is on the node', () => seen > 1_000)
  expect(await burla.map(double, [21])).toEqual([42])
  const seenThen = seen
  await until('the long job has the node again', () => seen > seenThen + 1_000)
  leave.abort()
  await left
  expect(seen).toBeLessThan(1_000_000)
})

test('P3 a stream fed by a stream goes through on one slot', async () => {
  embedded.shape(1, 1)
  const inner = burla.stream((x: number) => x + 1, numbers(20))
  async function* values() {
    for await (const { value } of inner) yield value
  }
  const seen: number[] = []
  for await (const { value } of burla.stream(double, values())) seen.push(value)
  expect(seen.toSorted((a, b) => a - b)).toEqual(numbers(20).map((x) => (x + 1) * 2))
})

test('P3, P6 a job whose client does not read holds neither the node nor more than its window of memory', async () => {
  embedded.shape(1, 1)
  const mebibytes = (x: number) => Buffer.alloc(2 * 1024 * 1024, x)
  const results = burla.stream(mebibytes, numbers(90))
  const first = await results.next()
  const { redis } = await inspectEmbedded()
  const usedMiB = async () => {
    const [info] = await askRedis(redis, [['INFO', 'memory']])
    return Number(/used_memory:(\d+)/.exec(String(info))?.[1]) / 1024 / 1024
  }
  await until('the window is full', async () => (await usedMiB()) > 64)
  expect(await burla.map(double, [21])).toEqual([42])
  expect(await usedMiB()).toBeLessThan(100)
  const seen = new Map([[first.value?.index, first.value?.value]])
  for await (const { index, value } of results) seen.set(index, value)
  for (const index of numbers(90)) expect(seen.get(index)?.equals(mebibytes(index))).toBe(true)
})
