import { jobKeys, type ResultEntry } from '@burla/protocol'
import { cuttingProxy, until, useRedis } from '@burla/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { append, cancel, connectRedis, jobCredentials, openJob, startKeeper, viewJob, type Redis } from './index.ts'
import { clusterKey, makeJob, result } from './test-job.ts'

const server = useRedis({ aof: true })
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

const open = (jobId: string) => openJob(jobCredentials(clusterKey, jobId, server.address))
const inputs = (count: number, bytes = 10) =>
  Array.from({ length: count }, (_, index) => ({ index, bytes: Buffer.alloc(bytes, index) }))

async function indexes(results: AsyncGenerator<ResultEntry[]>, count: number): Promise<number[]> {
  const seen: number[] = []
  for await (const batch of results) {
    for (const { header } of batch) if (header.type === 'result') seen.push(header.index)
    if (seen.length >= count) break
  }
  return seen
}

test('P1 an input that is pushed twice is in the queue once', async () => {
  const jobId = await makeJob(redis, 3)
  const job = open(jobId)
  await job.push(inputs(3))
  await job.push(inputs(3))
  expect(await viewJob(redis, jobId)).toMatchObject({ waiting: 3 })
  await job.close()
})

test('P2 an input that is pushed again after a lost reply is marked, so that it is looked at before it runs twice', async () => {
  const jobId = await makeJob(redis, 2)
  const { queue } = jobKeys(jobId)
  await using proxy = await cuttingProxy(server.address.path)
  const job = openJob(jobCredentials(clusterKey, jobId, { path: proxy.path }))
  await job.push([{ index: 0, bytes: Buffer.from('0') }])
  proxy.cutNextReply()
  const pushing = job.push([{ index: 1, bytes: Buffer.from('1') }])
  await until('the reply is lost', () => proxy.cuts === 1)
  expect(await redis.hget(queue.job('i1'), 'name')).toBe('input')
  // Meanwhile a runner has run it and BullMQ has removed it.
  await redis.del(queue.job('i1'))
  await redis.lrem(queue.wait, 1, 'i1')
  proxy.accept()
  await pushing
  expect(await redis.hget(queue.job('i1'), 'name')).toBe('again')
  await job.close()
})

test('large inputs travel beside the queue, byte for byte', async () => {
  const jobId = await makeJob(redis, 2)
  const job = open(jobId)
  await job.push(inputs(2, 100_000))
  expect(await redis.hgetBuffer(jobKeys(jobId).inputs, '1')).toEqual(Buffer.alloc(100_000, 1))
  expect(JSON.parse((await redis.hget(jobKeys(jobId).queue.job('i1'), 'data')) ?? '')).toEqual({
    c: 1,
    i: [1],
    v: [100_000],
  })
  await job.close()
})

test('P6 results leave Redis when the reader asks for more', async () => {
  const jobId = await makeJob(redis, 2)
  await append(redis, jobId, { runnerId: 'a', number: 1, entries: [result(0)] })
  const job = open(jobId)
  const results = job.results(stop.signal)
  await results.next()
  expect(await redis.xlen(jobKeys(jobId).results)).toBe(1)
  await append(redis, jobId, { runnerId: 'a', number: 2, entries: [result(1)] })
  await results.next()
  await until('the first entry is gone', async () => (await redis.xlen(jobKeys(jobId).results)) === 1)
  await job.close()
})

test('reading ends with the job, and says why when the job was ended', async () => {
  const done = await makeJob(redis, 1)
  await append(redis, done, { runnerId: 'a', number: 1, entries: [result(0)] })
  const job = open(done)
  await job.announce({ known: 1, ended: true })
  expect(await indexes(job.results(stop.signal), 99)).toEqual([0])
  await job.close()

  const ended = await makeJob(redis, 1)
  const other = open(ended)
  await cancel(redis, ended, { outcome: 'cancelled', reason: 'somebody said so' })
  await expect(other.results(stop.signal).next()).rejects.toMatchObject({
    code: 'JOB_CANCELLED',
    message: expect.stringContaining('somebody said so') as string,
  })
  await other.close()
})

test('P7 a reader whose job vanished is told so', async () => {
  const jobId = await makeJob(redis, 1)
  const job = open(jobId)
  const next = job.results(stop.signal).next()
  await redis.del(jobKeys(jobId).record)
  await expect(next).rejects.toMatchObject({ code: 'JOB_UNKNOWN' })
  await job.close()
})

test('P1 pushing and reading go on across a kill -9 of Redis, and across one that has forgotten the users', async () => {
  const jobId = await makeJob(redis, 5_000)
  void startKeeper({ redis, clusterKey, signal: stop.signal })
  const job = open(jobId)
  const reading = indexes(job.results(stop.signal), 2)
  await append(redis, jobId, { runnerId: 'a', number: 1, entries: [result(0)] })
  const all = inputs(5_000)
  const pushing = (async () => {
    for (let from = 0; from < all.length; from += 500) await job.push(all.slice(from, from + 500))
  })()
  await until('some inputs are there', async () => ((await viewJob(redis, jobId))?.waiting ?? 0) > 500)
  await server.process.kill()
  await server.process.restart()
  await server.ask('ACL', 'DELUSER', `job-${jobId}`)
  await pushing
  await append(redis, jobId, { runnerId: 'a', number: 2, entries: [result(1)] })
  expect(await reading).toEqual([0, 1])
  expect(await viewJob(redis, jobId)).toMatchObject({ waiting: 5_000 })
  await job.close()
})
