import { historyLineBytes, isFinished, jobKeys, type Line, type ResultEntry } from '@burla/protocol'
import { useRedis } from '@burla/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  announce,
  append,
  cancel,
  connectRedis,
  jobCredentials,
  openKeptResults,
  removeJobData,
  startKeeper,
  viewJob,
  type KeptBatch,
  type Redis,
} from './index.ts'
import { clusterKey, makeJob, printed, result } from './test-job.ts'

const server = useRedis({ aof: true })
let redis: Redis
let stop: AbortController
let opened: { close(): void }[]
beforeEach(() => {
  redis = connectRedis({ address: server.address, password: server.password, name: 'test' })
  stop = new AbortController()
  opened = []
})
afterEach(() => {
  stop.abort()
  for (const reader of opened) reader.close()
  redis.disconnect()
})

const make = (known: number) => makeJob(redis, known, {}, { kind: 'submitted' })
let batches = 0
const store = (jobId: string, ...indexes: number[]) =>
  append(redis, jobId, { runnerId: 'a', number: ++batches, entries: indexes.map((index) => result(index)) })

const line = (index: number, text: string): Line => ({ index, stream: 'stdout', text, run: 1 })

function open(jobId: string, stillKept: () => Promise<unknown> = () => Promise.resolve()) {
  const reader = openKeptResults(jobCredentials(clusterKey, jobId, server.address), stillKept)
  opened.push(reader)
  return reader.read(stop.signal)
}

const indexesOf = (entries: ResultEntry[]) =>
  entries.flatMap(({ header }) => (header.type === 'result' ? [header.index] : []))
const inBatch = ({ entries }: KeptBatch) => indexesOf(entries)

/** Reads to the end; what is thrown there comes last. */
async function readAll(reading: AsyncIterable<KeptBatch>): Promise<unknown[]> {
  const seen: unknown[] = []
  try {
    for await (const batch of reading) seen.push(...inBatch(batch))
  } catch (error) {
    seen.push(error)
  }
  return seen
}

test('P1 readers get all results, from the first one, in the order of the stream: early, late, at the same time, again', async () => {
  const jobId = await make(4)
  await store(jobId, 2, 0)
  const early = [readAll(open(jobId)), readAll(open(jobId))]
  await store(jobId, 3)
  await announce(redis, jobId, { known: 4, ended: true })
  await store(jobId, 1)
  expect(await Promise.all([...early, readAll(open(jobId))])).toEqual([
    [2, 0, 3, 1],
    [2, 0, 3, 1],
    [2, 0, 3, 1],
  ])
  expect(await readAll(open(jobId))).toEqual([2, 0, 3, 1])
  expect(await redis.xlen(jobKeys(jobId).results)).toBe(3)
})

test('lines that are printed while it is read come before the results of their calls, those of before do not', async () => {
  const jobId = await make(3)
  const printing = (text: string, index: number) =>
    append(redis, jobId, { runnerId: 'a', number: ++batches, entries: [printed(line(index, text)), result(index)] })
  await printing('before', 0)
  const reading = open(jobId)
  const seen: (string | number)[] = []
  const next = async () => {
    const batch = (await reading.next()).value as KeptBatch
    seen.push(...batch.lines.flatMap(({ lines }) => lines.map(({ text }) => text)), ...inBatch(batch))
  }
  await next()
  await printing('first', 2)
  await printing('second', 1)
  while (seen.length < 5) await next()
  expect(seen.filter((one) => typeof one === 'number')).toEqual([0, 2, 1])
  expect(seen.filter((one) => typeof one === 'string')).toEqual(['first', 'second'])
  expect(seen.indexOf('first')).toBeLessThan(seen.indexOf(2))
  expect(seen.indexOf('second')).toBeLessThan(seen.indexOf(1))
})

test('P6 lines that left the history before they could be read are missed, and that is told', async () => {
  const jobId = await make(4)
  await store(jobId, 0)
  const reading = open(jobId)
  await reading.next()
  for (const index of [1, 2]) {
    const text = 'x'.repeat(historyLineBytes - 100)
    await append(redis, jobId, { runnerId: 'a', number: ++batches, entries: [printed(line(index, text))] })
  }
  const { lines } = (await reading.next()).value as KeptBatch
  expect(lines).toHaveLength(1)
  expect(lines[0]!.missed).toBeGreaterThan(historyLineBytes - 100)
  expect(lines[0]!.lines[0]!.index).toBe(2)
})

test.each([
  ['failed', 'JOB_FAILED'],
  ['cancelled', 'JOB_CANCELLED'],
] as const)('a job that ended as %s gives its results first, then says why', async (outcome, code) => {
  const jobId = await make(3)
  await store(jobId, 1)
  const waiting = readAll(open(jobId))
  await cancel(redis, jobId, { outcome, reason: 'somebody said so' })
  const message = expect.stringContaining('somebody said so') as string
  const expected = [1, expect.objectContaining({ code, message })]
  expect(await waiting).toEqual(expected)
  expect(await readAll(open(jobId))).toEqual(expected)
})

test('a reader has some MiB in memory, however much is kept', async () => {
  const jobId = await make(30)
  for (let index = 0; index < 30; index++) {
    const entry = { ...result(index), payload: Buffer.alloc(1024 * 1024) }
    await append(redis, jobId, { runnerId: 'a', number: ++batches, entries: [entry] })
  }
  const sizes: number[] = []
  const reading = open(jobId)
  for (let count = 0; count < 30; count += sizes.at(-1)!) {
    sizes.push(inBatch((await reading.next()).value as KeptBatch).length)
  }
  expect(sizes).toEqual([7, 7, 7, 7, 2])
})

test('a result larger than what a reader takes at once comes alone', async () => {
  const jobId = await make(1)
  const entry = { ...result(0), payload: Buffer.alloc(9 * 1024 * 1024) }
  await append(redis, jobId, { runnerId: 'a', number: ++batches, entries: [entry] })
  expect(inBatch((await open(jobId).next()).value as KeptBatch)).toEqual([0])
})

test('P1 reading goes on across a kill -9 of Redis, and across one that has forgotten the users', async () => {
  const jobId = await make(3)
  void startKeeper({ redis, clusterKey, signal: stop.signal })
  await store(jobId, 0)
  const reading = open(jobId)
  expect(inBatch((await reading.next()).value as KeptBatch)).toEqual([0])
  const rest = readAll(reading)
  await server.process.kill()
  await server.process.restart()
  await server.ask('ACL', 'DELUSER', `job-${jobId}`)
  await announce(redis, jobId, { known: 3, ended: true })
  await store(jobId, 2)
  await store(jobId, 1)
  expect(await rest).toEqual([2, 1])
})

test('P7 a reader whose results are removed under it asks, and is told', async () => {
  const jobId = await make(2)
  await store(jobId, 0)
  const expired = new Error('they were kept until now')
  let asked = 0
  const reading = open(jobId, () => {
    asked++
    return asked > 1 ? Promise.reject(expired) : Promise.resolve()
  })
  await reading.next()
  const next = reading.next()
  await removeJobData(redis, jobId)
  await expect(next).rejects.toBe(expired)
})

test('P7 results that went before all were read are missed, and a record that went is too', async () => {
  const jobId = await make(2)
  await announce(redis, jobId, { known: 2, ended: true })
  await store(jobId, 0, 1)
  expect(isFinished((await viewJob(redis, jobId))!.record.state)).toBe(true)
  await redis.del(jobKeys(jobId).results)
  expect(await readAll(open(jobId))).toEqual([expect.objectContaining({ code: 'RESULTS_EXPIRED' })])
  await redis.del(jobKeys(jobId).record)
  expect(await readAll(open(jobId))).toEqual([expect.objectContaining({ code: 'JOB_UNKNOWN' })])
})
