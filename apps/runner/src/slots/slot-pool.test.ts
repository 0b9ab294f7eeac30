import { readdir } from 'node:fs/promises'
import { isAlive } from '@burla/processes'
import { expect, test } from 'vitest'
import { callOn, usePool } from './use-pool.ts'

test('a pool gives each slot to one taker at a time', async () => {
  const { pool } = await usePool((x: number) => x, { size: 2 })
  const [first, second] = [pool.take(), pool.take()]
  expect([first?.number, second?.number]).toEqual([0, 1])
  expect([pool.take(), pool.free]).toEqual([undefined, 0])
  if (first) pool.release(first)
  expect([pool.free, pool.take()]).toEqual([1, first])
})

test('a warm slot knows nothing of a job and is bound by setup', async () => {
  const { pool, pids, call } = await usePool((x: number) => x)
  await pool.ready()
  expect(await call(1)).toMatchObject({ value: 1 })
  expect(pids.size).toBe(1)
})

test('a warm slot with another heap limit is replaced at setup', async () => {
  const limit = () => process.getBuiltinModule('node:v8').getHeapStatistics().heap_size_limit
  const { call, pids } = await usePool(limit, { setup: { heapMiB: 64 } })
  const outcome = await call(null)
  expect(outcome.type === 'value' && (outcome.value as number) / 2 ** 20).toBeLessThan(500)
  expect(pids.size).toBe(2)
})

test('a pool grows while calls run, with processes for those slots only that are used, and shrinks without harm', async () => {
  const { pool, pids } = await usePool((ms: number) => new Promise((resolve) => setTimeout(resolve, ms)))
  pool.resize(9)
  pool.resize(3)
  expect([pool.size, pool.free, pids.size]).toEqual([3, 3, 1])
  const slots = [pool.take(), pool.take(), pool.take()]
  const calls = slots.map((slot) => slot && callOn(slot, 50))
  pool.resize(1)
  for (const call of calls) expect((await call)?.type).toBe('value')
  for (const slot of slots) if (slot) pool.release(slot)
  expect([pool.size, pool.free]).toEqual([1, 1])
  expect(pids.size).toBe(3)
  await pool.killAll()
  expect([...pids].filter(isAlive)).toEqual([])
})

test('killAll loses what runs, also endless loops, and a later call starts anew', async () => {
  const { pool, call, pids } = await usePool(
    (x: number) => {
      if (x < 0) for (;;);
      return x
    },
    { size: 2 },
  )
  const running = [call(-1), call(-1)]
  await pool.killAll()
  expect([...pids].filter(isAlive)).toEqual([])
  for (const outcome of running) expect((await outcome).type).toBe('lost')
  expect(await call(1)).toMatchObject({ value: 1 })
})

test('P8 close ends the processes and removes the folders; later calls are lost', async () => {
  const { pool, folder, pids } = await usePool((x: number) => x, { size: 2 })
  const slot = pool.take()
  if (!slot) throw new Error('no slot')
  await callOn(slot, 1)
  expect(await readdir(folder)).toContain('job-1-0')
  await pool.close()
  expect([...pids].filter(isAlive)).toEqual([])
  expect(await readdir(folder)).toEqual([])
  expect([pool.size, pool.free, pool.take()]).toEqual([0, 0, undefined])
  expect((await callOn(slot, 1)).type).toBe('lost')
})

test('a slot whose process cannot start says why', async () => {
  const { call, pids } = await usePool((x: number) => x, { env: { NODE_OPTIONS: '--no-such-flag' } })
  await expect(call(1)).rejects.toMatchObject({ code: 'INTERNAL', message: expect.stringContaining('no-such-flag') })
  await expect(call(1)).rejects.toMatchObject({ code: 'INTERNAL' })
  expect(pids.size).toBeLessThanOrEqual(3)
})
