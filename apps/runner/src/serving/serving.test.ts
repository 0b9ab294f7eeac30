import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { captureFunction } from '@burla/closure'
import {
  append,
  claim,
  connectRedis,
  createJob,
  jobCredentials,
  openJob,
  putFunction,
  viewJob,
  type Redis,
} from '@burla/queue'
import { codecVersion, decodeBatch, encodeValue, jobKeys, newJobId } from '@burla/protocol'
import { startReaper, type Reaper } from '@burla/processes'
import { someCall as call, someJob, until, useRedis } from '@burla/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createSlotPool, type SlotPool } from '../slots/index.ts'
import { createRoom } from './room.ts'
import { startServing, type Serving } from './serving.ts'

const server = useRedis()
const clusterKey = 'a cluster key for tests'
let redis: Redis
let reaper: Reaper
let pool: SlotPool
let folder: string
beforeEach(() => {
  redis = connectRedis({ address: server.address, password: server.password, name: 'test' })
  reaper = startReaper()
  pool = createSlotPool({ size: 1, reaper, onLines: () => undefined })
  folder = mkdtempSync(join(tmpdir(), 'burla-test-'))
})
afterEach(async () => {
  await pool.close()
  reaper.close()
  redis.disconnect()
  rmSync(folder, { recursive: true })
})

const shipped = captureFunction(async (ms: number) => {
  await new Promise((resolve) => setTimeout(resolve, ms))
  return ms
})

async function makeJob(inputs: number[]): Promise<string> {
  const jobId = newJobId('test')
  await putFunction(redis, shipped.digest, shipped.bytes)
  await createJob(redis, clusterKey, someJob({ id: jobId, functionDigest: shipped.digest, known: inputs.length, call }))
  const job = openJob(jobCredentials(clusterKey, jobId, server.address))
  await job.push(inputs.map((ms, index) => ({ index, bytes: encodeValue(ms) })))
  await job.announce({ known: inputs.length, ended: true })
  await job.close()
  return jobId
}

async function serve(jobId: string): Promise<Serving> {
  await claim(redis, jobId, { nodeId: 'n', state: 'active', slots: 1, runnerId: null, claimedAt: Date.now() })
  return startServing(
    {
      credentials: jobCredentials(clusterKey, jobId, server.address),
      access: { api: { socketPath: '' }, token: '' },
      nodeId: 'n',
      slots: 1,
      folder,
      sharedDir: folder,
      call,
      functionDigest: shipped.digest,
      codec: codecVersion,
    },
    {
      pool,
      room: createRoom(1),
      memory: { sharedMiB: null, ownHeapMiB: 4096 },
      isAlone: () => true,
      onWaits: () => undefined,
      onTrouble: () => undefined,
      forwardLines: () => undefined,
    },
  )
}

const result = (index: number) => ({
  index,
  status: 'ok' as const,
  header: JSON.stringify({ type: 'result', index, status: 'ok' }),
  payload: Buffer.from('stored before'),
  note: '',
})

async function storedBy(jobId: string): Promise<(string | undefined)[]> {
  const rows = await redis.xrangeBuffer(jobKeys(jobId).results, '-', '+')
  return rows.flatMap(([, [, h, , v]]) =>
    h && v ? decodeBatch(h, v).map(({ header }) => (header.type === 'result' ? header.nodeId : undefined)) : [],
  )
}

test.each([
  ['was handed out before', (bullKey: string) => redis.hset(bullKey, 'ats', 1)],
  ['was pushed again after a lost reply', (bullKey: string) => redis.hset(bullKey, 'name', 'again')],
])('P1 an input that has a result and %s is not run', async (_, suspect) => {
  const jobId = await makeJob([60_000, 1])
  await append(redis, jobId, { runnerId: 'earlier', number: 1, entries: [result(0)] })
  await suspect(jobKeys(jobId).queue.job('i0'))
  const serving = await serve(jobId)
  expect(await serving.served).toBe('finished')
  expect(await storedBy(jobId)).toEqual([undefined, 'n'])
})

test('P2 an input whose further attempt is another job is not run twice', async () => {
  const jobId = await makeJob([60_000, 1])
  const { attempts, queue } = jobKeys(jobId)
  await redis.hset(attempts, 0, 1)
  await redis.hset(queue.job('i0'), 'ats', 1)
  const serving = await serve(jobId)
  await until('the other input has its result', async () => (await viewJob(redis, jobId))?.counts.completed === 1)
  await until('the queue is empty', async () => (await redis.llen(queue.active)) + (await redis.llen(queue.wait)) === 0)
  expect(await redis.hlen(jobKeys(jobId).running)).toBe(0)
  serving.stop('stopped')
  await serving.served
})

test('P1 what BullMQ itself gives up gets a result that says so', async () => {
  const jobId = await makeJob([1, 1])
  await redis.hset(jobKeys(jobId).queue.job('i0'), 'defa', 'job stalled more than allowable limit')
  const serving = await serve(jobId)
  expect(await serving.served).toBe('finished')
  expect(await viewJob(redis, jobId)).toMatchObject({ counts: { completed: 1, failed: 1 } })
  const [[, [, h, , v]] = ['', []]] = await redis.xrangeBuffer(jobKeys(jobId).results, '-', '+')
  expect(`${h?.toString()} ${v?.toString()}`).toContain('job stalled more than allowable limit')
})

test('draining ends what runs and gives back what does not', async () => {
  const jobId = await makeJob([300, 60_000, 60_000])
  const serving = await serve(jobId)
  await until('the first input runs', async () => (await viewJob(redis, jobId))?.running === 1)
  serving.drain()
  expect(await serving.served).toBe('drained')
  expect(await viewJob(redis, jobId)).toMatchObject({ counts: { completed: 1 }, waiting: 2, running: 0 })
  expect(await redis.llen(jobKeys(jobId).queue.active)).toBe(0)
})

test('P2 a runner that is stopped gives back what ran, at once and counted as lost', async () => {
  const jobId = await makeJob([60_000, 60_000])
  const serving = await serve(jobId)
  await until('an input runs', async () => (await viewJob(redis, jobId))?.running === 1)
  serving.stop('stopped')
  expect(await serving.served).toBe('stopped')
  expect(await viewJob(redis, jobId)).toMatchObject({ waiting: 2, running: 0 })
  expect(await redis.hgetall(jobKeys(jobId).losses)).toEqual({ '0': '1' })
})

test('P7 a job whose function is gone cannot be served, and says so', async () => {
  const jobId = await makeJob([1])
  await redis.del(`burla:v1:fn:${shipped.digest}`)
  await expect(serve(jobId)).rejects.toMatchObject({ code: 'FUNCTION_UNKNOWN' })
})
