import { randomBytes } from 'node:crypto'
import { jobKeys, type ResultEntry } from '@burla/protocol'
import { cuttingProxy, until, useRedis } from '@burla/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { append, begin, connectRedis, jobCredentials, loseRunner, openJob, type Redis } from './index.ts'
import { readLargeInput } from './input-source.ts'
import { partBytes, writeLarge } from './large-values.ts'
import { asJob, clusterKey, makeJob, result } from './test-job.ts'

const server = useRedis({ aof: true })
let redis: Redis
beforeEach(() => {
  redis = connectRedis({ address: server.address, password: server.password, name: 'test' })
})
afterEach(() => redis.disconnect())

const large = (bytes: number) => randomBytes(bytes)
const resultOf = (index: number, payload: Buffer) => ({ ...result(index), payload })
const fields = (jobId: string) => redis.hlen(jobKeys(jobId).values)

async function payloads(results: AsyncGenerator<ResultEntry[]>, count: number): Promise<Buffer[]> {
  const seen: Buffer[] = []
  for await (const batch of results) {
    seen.push(...batch.map(({ payload }) => payload))
    if (seen.length >= count) break
  }
  return seen
}

test('P6 large results travel beside the stream, byte for byte, and leave with their entries', async () => {
  const jobId = await makeJob(redis, 4)
  const sent = [large(40_000), large(partBytes), large(3 * partBytes + 1), Buffer.from('small')]
  const entries = sent.map((payload, index) => resultOf(index, payload))
  const { untakenBytes } = await append(redis, jobId, { runnerId: 'a', number: 1, entries })
  expect(untakenBytes).toBeGreaterThan(4 * partBytes)
  expect(await redis.memory('USAGE', jobKeys(jobId).results)).toBeLessThan(10_000)
  const job = openJob(jobCredentials(clusterKey, jobId, server.address))
  await using results = job.results(new AbortController().signal)
  const { value = [] } = (await results.next()) as { value?: ResultEntry[] }
  // Not toEqual: it looks at each of 16 million bytes in JavaScript.
  expect(value.map(({ payload }, index) => payload.equals(sent[index]!))).toEqual([true, true, true, true])
  expect(await fields(jobId)).toBe(6)
  const asked = results.next()
  await until('they are gone', async () => (await fields(jobId)) === 0)
  expect(await append(redis, jobId, { runnerId: 'a', number: 2, entries: [] })).toMatchObject({ untakenBytes: 0 })
  await job.close()
  await asked
})

test('P1 a large result that did not win leaves nothing behind', async () => {
  const jobId = await makeJob(redis, 1)
  const [first, second] = [large(50_000), large(2 * partBytes)]
  await append(redis, jobId, { runnerId: 'a', number: 1, entries: [resultOf(0, first)] })
  await append(redis, jobId, { runnerId: 'b', number: 1, entries: [resultOf(0, second)] })
  expect(await fields(jobId)).toBe(1)
  const job = openJob(jobCredentials(clusterKey, jobId, server.address))
  expect(await payloads(job.results(new AbortController().signal), 1)).toEqual([first])
  await job.close()
})

test('P6 a batch that is sent again after it was taken leaves nothing behind; before, it stays whole', async () => {
  const jobId = await makeJob(redis, 2)
  const batch = { runnerId: 'a', number: 1, entries: [resultOf(0, large(50_000)), resultOf(1, large(50_000))] }
  await append(redis, jobId, batch)
  await append(redis, jobId, batch)
  expect(await fields(jobId)).toBe(2)
  const job = openJob(jobCredentials(clusterKey, jobId, server.address))
  await using results = job.results(new AbortController().signal)
  await results.next()
  const asked = results.next()
  await until('they are gone', async () => (await fields(jobId)) === 0)
  await append(redis, jobId, batch)
  expect(await fields(jobId)).toBe(0)
  await job.close()
  await asked
})

test('P6 what a runner stored and did not come to append goes when it is lost; should it live, it is told so', async () => {
  const jobId = await makeJob(redis, 2)
  const { values } = jobKeys(jobId)
  await append(redis, jobId, { runnerId: 'a', number: 1, entries: [resultOf(0, large(50_000))] })
  await begin(redis, jobId, 'a', [{ index: 1, run: 1 }])
  const payload = large(2 * partBytes)
  await writeLarge(redis, values, 'a/2/0', payload)
  await writeLarge(redis, values, 'a/2/1', large(50_000))
  await loseRunner(redis, jobId, 'a')
  expect(await redis.hkeys(values)).toEqual(['a/1/0'])
  const append2 = { runnerId: 'a', number: 2, entries: [resultOf(1, payload)] }
  // As if its part had gone while the batch was under way.
  await redis.hset(jobKeys(jobId).batches, 'a', '1 ')
  const script = redis as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>
  const k = jobKeys(jobId)
  const keys = [k.record, k.results, k.done, k.counts, k.running, k.batches, k.attempts, k.losses, k.inputs]
  const args = ['a', 2, Date.now(), 1, 1, 1, 1, ...[1, 'ok', '{}', '', '', payload.length]]
  const missing = script['burla-append']?.(...keys, k.claims, k.records, k.failures, k.lines, values, ...args)
  expect(await missing).toEqual(['missing', 0])
  expect(await append(redis, jobId, append2)).toMatchObject({ state: 'running' })
  expect(await fields(jobId)).toBe(3)
})

test('large inputs leave Redis with their result, all parts of them', async () => {
  const jobId = await makeJob(redis, 1)
  const bytes = large(2 * partBytes + 7)
  const job = openJob(jobCredentials(clusterKey, jobId, server.address))
  await job.push([{ index: 0, bytes }])
  const own = asJob(server.address, jobId)
  expect((await readLargeInput(own, jobId, 0, bytes.length))?.equals(bytes)).toBe(true)
  await append(own, jobId, { runnerId: 'a', number: 1, entries: [result(0)] })
  expect(await redis.exists(jobKeys(jobId).inputs)).toBe(0)
  expect(await readLargeInput(own, jobId, 0, bytes.length)).toBeUndefined()
  own.disconnect()
  await job.close()
})

test('a large value whose reply was lost is sent again, and is whole', async () => {
  const jobId = await makeJob(redis, 1)
  await using proxy = await cuttingProxy(server.address.path)
  const own = asJob({ path: proxy.path }, jobId)
  await own.hlen(jobKeys(jobId).values)
  proxy.cutNextReply()
  const payload = large(3 * partBytes)
  const appended = append(own, jobId, { runnerId: 'a', number: 1, entries: [resultOf(0, payload)] })
  await until('the reply is lost', () => proxy.cuts === 1)
  proxy.accept()
  await appended
  const job = openJob(jobCredentials(clusterKey, jobId, server.address))
  const [arrived] = await payloads(job.results(new AbortController().signal), 1)
  expect(arrived?.equals(payload)).toBe(true)
  own.disconnect()
  await job.close()
})
