import { historyFailures, historyInputs, historyLineBytes, isFinished, jobKeys, type JobId } from '@burla/protocol'
import { until, useRedis } from '@burla/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { announce, append, begin, cancelJob, claim, connectRedis, createJob, retireJob, viewJob } from './index.ts'
import { readFailures, readInputs, readLines, retry, type Appended, type Redis } from './index.ts'
import { clusterKey, makeJob, printed, result, spec } from './test-job.ts'

const server = useRedis()
let redis: Redis
let stop: AbortController
beforeEach(() => {
  redis = connectRedis({ address: server.address, password: server.password, name: 'test' })
  stop = new AbortController()
})
afterEach(() => {
  stop.abort()
  redis.disconnect()
})

const batchNumbers = new Map<JobId, number>()
async function store(jobId: JobId, entries: Appended[]) {
  const number = (batchNumbers.get(jobId) ?? 0) + 1
  batchNumbers.set(jobId, number)
  return append(redis, jobId, { runnerId: 'a', number, entries })
}

const from = (first: number, count: number) => Array.from({ length: count }, (_, place) => first + place)
const line = (index: number, text: string, run = 1) => ({ index, stream: 'stdout' as const, text, run })

async function allLines(jobId: JobId, options: { input?: number; follow?: boolean } = {}) {
  const rows = []
  for await (const some of readLines(redis, jobId, { follow: false, signal: stop.signal, ...options })) {
    rows.push(...some)
  }
  return rows
}

describe('inputs', () => {
  test('have a record when they have ended: how, where, when, after how many attempts', async () => {
    const jobId = await makeJob(redis, 2)
    const before = Date.now()
    await store(jobId, [result(0), printed(line(0, 'x')), result(1, 'oops', 'error')])
    const { inputs, cut } = await readInputs(redis, jobId, { limit: 100 })
    expect(inputs).toMatchObject([
      { index: 1, state: 'failed', attempts: 1, durationMs: 5, nodeId: 'node' },
      { index: 0, state: 'completed', attempts: 1, durationMs: 5, nodeId: 'node' },
    ])
    expect(cut).toBe(0)
    for (const { startedAt, finishedAt } of inputs) {
      expect(finishedAt).toBeGreaterThanOrEqual(before)
      expect(startedAt).toBe((finishedAt ?? 0) - 5)
    }
  })

  test('that run now stand before them, with the node that runs them', async () => {
    const jobId = await makeJob(redis, 9)
    const claimed = { nodeId: 'n', state: 'active' as const, slots: 1, runnerId: 'r', claimedAt: 0 }
    await claim(redis, jobId, claimed)
    await store(jobId, [result(0)])
    await retry(redis, jobId, { runnerId: 'r', index: 5, value: '', attempts: 2, delayMs: 0 })
    await begin(redis, jobId, 'r', [{ index: 5, run: 1 }])
    const running = { index: 5, state: 'running', attempts: 2, nodeId: 'n', durationMs: null, finishedAt: null }
    expect((await readInputs(redis, jobId, { limit: 100 })).inputs).toMatchObject([running, { index: 0 }])
    expect((await readInputs(redis, jobId, { limit: 100, state: 'running' })).inputs).toMatchObject([running])
    expect((await readInputs(redis, jobId, { limit: 100, state: 'completed' })).inputs).toMatchObject([{ index: 0 }])
    expect((await readInputs(redis, jobId, { limit: 1 })).inputs).toMatchObject([{ index: 5 }])
  })

  test('of a job that has ended are none that run: what it was running has no result', async () => {
    const jobId = await makeJob(redis, 2)
    await store(jobId, [result(0)])
    await begin(redis, jobId, 'r', [{ index: 1, run: 1 }])
    const indexes = async () => (await readInputs(redis, jobId, { limit: 9 })).inputs.map(({ index }) => index)
    expect(await indexes()).toEqual([1, 0])
    await cancelJob(redis, jobId, { outcome: 'cancelled', reason: 'enough' })
    expect(await indexes()).toEqual([0])
  })

  test('P1 a second result of an input, and a batch that is sent again, add no record', async () => {
    const jobId = await makeJob(redis, 2)
    await store(jobId, [result(0)])
    await append(redis, jobId, { runnerId: 'b', number: 1, entries: [result(0, 'v', 'error'), result(1)] })
    await append(redis, jobId, { runnerId: 'b', number: 1, entries: [result(0, 'v', 'error'), result(1)] })
    const { inputs } = await readInputs(redis, jobId, { limit: 100 })
    expect(inputs.map(({ index, state }) => [index, state])).toEqual([
      [1, 'completed'],
      [0, 'completed'],
    ])
    expect(await readFailures(redis, jobId, 100)).toEqual({ failures: [], cut: 0 })
  })

  test('P6 the newest 10,000 are kept, and how many were cut is known', async () => {
    const jobId = await makeJob(redis, 12_345)
    for (let first = 0; first < 12_345; first += 500) {
      await store(
        jobId,
        from(first, Math.min(500, 12_345 - first)).map((index) => result(index)),
      )
    }
    const { inputs, cut } = await readInputs(redis, jobId, { limit: 99_999 })
    expect(inputs.map(({ index }) => index)).toEqual(from(2_345, historyInputs).reverse())
    expect(cut).toBe(2_345)
    expect(await redis.llen(jobKeys(jobId).records)).toBeLessThanOrEqual(21)
    expect(await redis.memory('USAGE', jobKeys(jobId).records, 'SAMPLES', 0)).toBeLessThan(1.5 * 1024 * 1024)
  })
})

describe('failures', () => {
  test('are kept with name, message, attempts and time', async () => {
    const jobId = await makeJob(redis, 3)
    await store(jobId, [result(2, 'it broke', 'error'), result(1)])
    const { failures } = await readFailures(redis, jobId, 100)
    expect(failures).toEqual([
      { index: 2, name: 'Error', message: 'it broke', attempts: 1, finishedAt: expect.any(Number) as number },
    ])
  })

  test('P6 the first 1,000 are kept, and how many came later is known', async () => {
    const jobId = await makeJob(redis, 2_000)
    await store(
      jobId,
      from(0, 999).map((index) => result(index, 'x', 'error')),
    )
    await store(
      jobId,
      from(999, 300).map((index) => result(index, 'x', 'error')),
    )
    await store(
      jobId,
      from(1_299, 1).map((index) => result(index, 'x', 'error')),
    )
    const { failures, cut } = await readFailures(redis, jobId, 5_000)
    expect(failures.map(({ index }) => index)).toEqual(from(0, historyFailures))
    expect(cut).toBe(300)
    expect(await readFailures(redis, jobId, 1)).toMatchObject({ failures: [{ index: 0 }], cut: 300 })
  })
})

describe('lines', () => {
  test('are kept in order, with what printed them, and when, and whether it was a further run', async () => {
    const jobId = await makeJob(redis, 2)
    await store(jobId, [printed(line(0, 'a'), { ...line(0, 'b', 2), stream: 'stderr' }), result(0)])
    await store(jobId, [printed(line(-1, 'loading'), line(1, 'c'))])
    const at = expect.any(Number) as number
    expect(await allLines(jobId)).toEqual([
      { index: 0, stream: 'stdout', text: 'a', run: 1, at },
      { index: 0, stream: 'stderr', text: 'b', run: 2, at },
      { index: null, stream: 'stdout', text: 'loading', run: 1, at },
      { index: 1, stream: 'stdout', text: 'c', run: 1, at },
    ])
    expect(await allLines(jobId, { input: 1 })).toEqual([{ index: 1, stream: 'stdout', text: 'c', run: 1, at }])
  })

  test('P6 the newest 16 MiB are kept, and how many lines and bytes are missing is said first', async () => {
    const jobId = await makeJob(redis, 1)
    const entry = printed(...from(0, 100).map((number) => line(0, `${number} `.padEnd(10_000, '.'))))
    for (let i = 0; i < 20; i++) await store(jobId, [entry])
    const kept = Math.floor(historyLineBytes / entry.payload.length)
    const [cut, ...lines] = await allLines(jobId)
    expect(lines).toHaveLength(kept * 100)
    expect(cut).toEqual({ cut: { lines: (20 - kept) * 100, bytes: (20 - kept) * entry.payload.length } })
    expect(await redis.memory('USAGE', jobKeys(jobId).lines, 'SAMPLES', 0)).toBeLessThan(historyLineBytes * 1.1)
  })

  test('P6 more than 16 MiB at once are all cut, and that is said', async () => {
    const jobId = await makeJob(redis, 1)
    const entry = printed(line(0, 'x'.repeat(historyLineBytes)))
    await store(jobId, [entry])
    expect(await allLines(jobId)).toEqual([{ cut: { lines: 1, bytes: entry.payload.length } }])
    await store(jobId, [printed(line(0, 'after'))])
    expect(await allLines(jobId)).toMatchObject([{ cut: { lines: 1 } }, { text: 'after' }])
  })

  test('are followed until the job is over', async () => {
    const jobId = await makeJob(redis, 1)
    await announce(redis, jobId, { known: 1, ended: true })
    const rows: unknown[] = []
    const reading = (async () => {
      for await (const some of readLines(redis, jobId, { follow: true, signal: stop.signal })) rows.push(...some)
    })()
    await store(jobId, [printed(line(0, 'first'))])
    await until('the first line is there', () => rows.length === 1)
    await store(jobId, [printed(line(0, 'last')), result(0)])
    await reading
    expect(rows).toMatchObject([{ text: 'first' }, { text: 'last' }])
  })

  test('P7 following ends when its reader goes, and when the job is gone', async () => {
    const jobId = await makeJob(redis, 1)
    const following = readLines(redis, jobId, { follow: true, signal: stop.signal }).next()
    await redis.del(jobKeys(jobId).record)
    expect(await following).toEqual({ done: true, value: undefined })
    const other = readLines(redis, await makeJob(redis, 1), { follow: true, signal: stop.signal }).next()
    stop.abort()
    expect(await other).toEqual({ done: true, value: undefined })
  })
})

describe('the history as a whole', () => {
  test('P6 stays when the job is cleaned up, also of one that was cancelled, with its counts', async () => {
    const jobId = await makeJob(redis, 3)
    await store(jobId, [printed(line(0, 'kept')), result(0), result(1, 'x', 'error')])
    await cancelJob(redis, jobId, { outcome: 'cancelled', reason: 'enough' })
    await retireJob(redis, jobId)
    const view = await viewJob(redis, jobId)
    expect(view && isFinished(view.record.state)).toBe(true)
    expect(view).toMatchObject({ counts: { completed: 1, failed: 1 }, record: { state: 'cancelled' } })
    expect((await readInputs(redis, jobId, { limit: 9 })).inputs).toHaveLength(2)
    expect((await readFailures(redis, jobId, 9)).failures).toHaveLength(1)
    expect(await allLines(jobId)).toMatchObject([{ text: 'kept' }])
    const keys = await redis.keys(`${jobKeys(jobId).prefix}*`)
    const kept = ['counts', 'failures', 'lines', 'record', 'records']
    expect(new Set(keys.map((key) => key.split(':').at(-1)))).toEqual(new Set(kept))
    const lifetimes = await Promise.all(keys.map((key) => redis.pttl(key)))
    expect(lifetimes.filter((ms) => ms <= 0)).toEqual([])
  })

  test('is not kept where nobody could ask for it', async () => {
    const job = spec(1)
    await createJob(redis, clusterKey, job, { history: false })
    await store(job.id, [printed(line(0, 'gone')), result(0, 'x', 'error')])
    const { records, failures, lines } = jobKeys(job.id)
    expect(await redis.exists(records, failures, lines)).toBe(0)
    expect(await viewJob(redis, job.id)).toMatchObject({ counts: { failed: 1 } })
  })
})
