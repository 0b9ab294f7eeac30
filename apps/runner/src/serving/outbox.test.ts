import { connectRedis, createJob, type Redis } from '@burla/queue'
import { decodeBatch, jobKeys, newJobId, type JobId } from '@burla/protocol'
import { cuttingProxy, someJob, until, useRedis } from '@burla/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createOutbox, type Outbox } from './outbox.ts'

const server = useRedis()
let direct: Redis
let jobId: JobId
let stop: AbortController
beforeEach(async () => {
  direct = connectRedis({ address: server.address, password: server.password, name: 'test' })
  jobId = newJobId('test')
  stop = new AbortController()
  await createJob(direct, 'key', someJob({ id: jobId, known: 9 }))
})
afterEach(() => {
  stop.abort()
  direct.disconnect()
})

const outboxOn = (redis: Redis): Outbox =>
  createOutbox({
    redis,
    jobId,
    runnerId: 'runner',
    nodeId: 'node',
    signal: stop.signal,
    onStored: () => undefined,
    onTrouble: () => undefined,
  })
const someResult = (index: number, text: string) => ({
  index,
  status: 'ok' as const,
  attempts: 1,
  durationMs: 1,
  slot: 0,
  payload: Buffer.from(text),
})
const stored = async () =>
  (await direct.xrangeBuffer(jobKeys(jobId).results, '-', '+')).flatMap(([, [, h, , v]]) =>
    h && v ? decodeBatch(h, v).map((entry) => ('payload' in entry ? entry.payload.toString() : entry.name)) : [],
  )

test('P1 a result whose reply is lost on the way is stored once, and so are the lines before it', async () => {
  await using proxy = await cuttingProxy(server.address.path)
  const redis = connectRedis({ address: { path: proxy.path }, password: server.password, name: 'test' })
  const outbox = outboxOn(redis)
  await outbox.result(someResult(0, 'before'))
  proxy.cutNextReply()
  outbox.lines([{ index: 1, stream: 'stdout', text: 'hello', run: 1 }])
  const answered = outbox.result(someResult(1, 'once'))
  await until('the reply is lost', () => proxy.cuts === 1)
  proxy.accept()
  expect(await answered).toBe('waiting')
  expect(await stored()).toEqual(['before', '[[1,1,"hello",1]]', 'once'])
  redis.disconnect()
})

test('P1 a full Redis delays results and loses none; they come in order', async () => {
  const outbox = outboxOn(direct)
  await direct.config('SET', 'maxmemory', '1mb')
  const all = Promise.all([0, 1, 2].map((index) => outbox.result(someResult(index, `r${index}`))))
  const early = await Promise.race([all.then(() => 'stored'), direct.ping()])
  await direct.config('SET', 'maxmemory', '0')
  await all
  expect([early, await stored(), outbox.pendingBytes]).toEqual(['PONG', ['r0', 'r1', 'r2'], 0])
})

test('drained resolves when all that was put in is stored', async () => {
  const outbox = outboxOn(direct)
  void outbox.result(someResult(0, 'a'))
  await outbox.drained()
  expect(await stored()).toEqual(['a'])
})
