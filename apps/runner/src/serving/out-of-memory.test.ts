/** Two slots with small heaps, on a real Redis: what becomes of an input that fills its heap, and of its neighbours. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { captureFunction } from '@burla/closure'
import { claim, connectRedis, createJob, jobCredentials, openJob, putFunction, type Redis } from '@burla/queue'
import { codecVersion, decodeBatch, decodeFailure, encodeValue, jobKeys, newJobId } from '@burla/protocol'
import { startReaper, type Reaper } from '@burla/processes'
import { someCall, someJob, useRedis } from '@burla/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createSlotPool, type SlotPool } from '../slots/index.ts'
import type { Memory } from './memory.ts'
import { createRoom } from './room.ts'
import { startServing } from './serving.ts'

const server = useRedis()
const clusterKey = 'a cluster key for tests'
const heapMiB = 64
let redis: Redis
let reaper: Reaper
let pool: SlotPool
let folder: string
beforeEach(() => {
  redis = connectRedis({ address: server.address, password: server.password, name: 'test' })
  reaper = startReaper()
  pool = createSlotPool({ size: 2, reaper, heapMiB, onLines: () => undefined })
  folder = mkdtempSync(join(tmpdir(), 'burla-test-'))
  appendFileSync(join(folder, 'log'), '')
})
afterEach(async () => {
  await pool.close()
  reaper.close()
  redis.disconnect()
  rmSync(folder, { recursive: true })
})

/** Fills so much of the heap, when all inputs of its first round have begun. */
async function fill(mib: number, index: number): Promise<number> {
  const { appendFileSync: append, readFileSync: read } = process.getBuiltinModule('node:fs')
  const begun = () => new Set(read('shared/log', 'utf8').match(/begin \d/g)).size
  append('shared/log', `begin ${index}\n`)
  while (begun() < 2) await new Promise((resolve) => setTimeout(resolve, 5))
  const hoard = []
  for (let n = 0; n < mib; n++) hoard.push(new Array(131_072).fill(n + 0.5))
  await new Promise((resolve) => setTimeout(resolve, 300))
  append('shared/log', `end ${index}\n`)
  return hoard.length
}
const shipped = captureFunction(fill)

interface Stored {
  index: number
  attempts: number
  ok: boolean
  message?: string
}

async function run(inputs: number[], memory: Pick<Memory, 'sharedMiB'>, more = {}): Promise<Stored[]> {
  const id = newJobId('test')
  const call = { ...someCall, ...more }
  await putFunction(redis, shipped.digest, shipped.bytes)
  await createJob(redis, clusterKey, someJob({ id, functionDigest: shipped.digest, known: inputs.length, call }))
  const credentials = jobCredentials(clusterKey, id, server.address)
  const job = openJob(credentials)
  await job.push(inputs.map((mib, index) => ({ index, bytes: encodeValue(mib) })))
  await job.announce({ known: inputs.length, ended: true })
  await job.close()
  await claim(redis, id, { nodeId: 'n', state: 'active', slots: 2, runnerId: null, claimedAt: Date.now() })
  const work = { call, functionDigest: shipped.digest, codec: codecVersion }
  const access = { api: { socketPath: '' }, token: '' }
  const serving = await startServing(
    { credentials, nodeId: 'n', slots: 2, folder, sharedDir: folder, access, ...work },
    {
      pool,
      room: createRoom(2),
      memory: { ...memory, ownHeapMiB: heapMiB },
      isAlone: () => true,
      onWaits: () => undefined,
      onTrouble: () => undefined,
      forwardLines: () => undefined,
    },
  )
  expect(await serving.served).toBe('finished')
  const rows = await redis.xrangeBuffer(jobKeys(id).results, '-', '+')
  const entries = rows.flatMap(([, [, h, , v]]) => (h && v ? decodeBatch(h, v) : []))
  expect(await redis.hgetall(jobKeys(id).losses)).toEqual({})
  return entries
    .flatMap((entry): Stored[] => {
      if (entry.header.type !== 'result' || !('payload' in entry)) return []
      const { index, attempts, status } = entry.header
      if (status === 'ok') return [{ index, attempts, ok: true }]
      return [{ index, attempts, ok: false, message: (decodeFailure(entry.payload) as Error).message }]
    })
    .toSorted((a, b) => a.index - b.index)
}

const events = () => readFileSync(join(folder, 'log'), 'utf8').trimEnd().split('\n')
const begins = (index: number) => events().filter((event) => event === `begin ${index}`).length

test('P4 an input that fills its heap runs again alone, with more heap, and is no attempt; its neighbours run once', async () => {
  const results = await run([200, 1, 1, 1], { sharedMiB: 1024 }, { retries: 1 })
  expect(results).toEqual([0, 1, 2, 3].map((index) => ({ index, attempts: 1, ok: true })))
  expect([0, 1, 2, 3].map(begins)).toEqual([2, 1, 1, 1])
  const all = events()
  expect(all.indexOf('end 0')).toBe(all.lastIndexOf('begin 0') + 1)
})

test('P4 one that fills all there is, alone, has an error that says memory, the limit and the index', async () => {
  const results = await run([1000, 1, 1], { sharedMiB: 256 })
  expect(results).toEqual([
    {
      index: 0,
      attempts: 1,
      ok: false,
      message: expect.stringMatching(/^Input 0: .*ran out of memory.* 192 MiB, although nothing else ran there\. /),
    },
    { index: 1, attempts: 1, ok: true },
    { index: 2, attempts: 1, ok: true },
  ])
  expect([0, 1, 2].map(begins)).toEqual([2, 1, 1])
})

test('P4 among processes it runs again alone, too, with the heap that it had', async () => {
  const results = await run([200, 1], { sharedMiB: null })
  expect(results[0]).toMatchObject({ ok: false, message: expect.stringMatching(/ 64 MiB, although nothing else ran/) })
  expect([0, 1].map(begins)).toEqual([2, 1])
})

test('a heap of its own that is full is its own doing: it does not run again', async () => {
  const results = await run([1000, 1], { sharedMiB: 1024 }, { memoryGiB: 0.1 })
  expect(results[0]).toMatchObject({ ok: false, message: expect.stringMatching(/reached the limit of 76 MiB\. /) })
  expect([0, 1].map(begins)).toEqual([1, 1])
})
