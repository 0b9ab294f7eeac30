/**
 * Losing things: whatever is killed, frozen or full, the caller gets exactly the right results (P1), inputs that were not
 * running on the lost part run once (P2), and an input that was runs again within 30 s.
 */
import { burla } from 'burla'
import { inspectEmbedded } from 'burla/internal'
import { askRedis } from '@burla/local-cluster'
import { kill9, until } from '@burla/testkit'
import { expect, test } from 'vitest'
import { recordExecutions, recorded } from './executions.ts'
import { inputs, doubles, repeat, expectStarts, recovery, someEndedSomeRunning } from './losing.ts'
import { useEmbedded } from './use-embedded.ts'

const embedded = useEmbedded('test')

test('P2 kill -9 of a slot: its input runs again, its neighbours do not notice', async () => {
  embedded.shape(1, 2)
  using log = recordExecutions()
  const results = burla.map(recorded, inputs(log, repeat(10, 300)))
  const [victim] = await someEndedSomeRunning(results.jobId, log, 2, 2)
  const faultAt = Date.now()
  if (victim) kill9(victim.pid)
  expect(await results).toEqual(doubles(10))
  expectStarts(log, 10, victim ? [victim] : [])
  recovery(log, faultAt, victim ? [victim] : [])
})

test('P2 kill -9 of a runner: what ran in it runs again, the rest once', async () => {
  embedded.shape(1, 2)
  using log = recordExecutions()
  const results = burla.map(recorded, inputs(log, repeat(10, 400)))
  const victims = await someEndedSomeRunning(results.jobId, log, 2, 2)
  const faultAt = Date.now()
  kill9(victims[0]?.runnerPid ?? 0)
  expect(await results).toEqual(doubles(10))
  expectStarts(log, 10, victims)
  recovery(log, faultAt, victims)
})

test('P2 kill -9 of a runner while the last of its inputs runs: the map ends all the same', async () => {
  embedded.shape(1, 2)
  using log = recordExecutions()
  const results = burla.map(recorded, inputs(log, [1, 1, 1, 1, 1500]))
  const victims = await someEndedSomeRunning(results.jobId, log, 4, 1)
  const faultAt = Date.now()
  kill9(victims[0]?.runnerPid ?? 0)
  expect(await results).toEqual(doubles(5))
  expectStarts(log, 5, victims)
  recovery(log, faultAt, victims)
})

test('P2 kill -9 of an agent: its runner stops with it, and others take over', async () => {
  embedded.shape(2, 1)
  using log = recordExecutions()
  const results = burla.map(recorded, inputs(log, repeat(12, 400)))
  await someEndedSomeRunning(results.jobId, log, 2, 2)
  const { pids } = await inspectEmbedded()
  const faultAt = Date.now()
  kill9(pids.agents[0] ?? 0)
  expect(await results).toEqual(doubles(12))
  const victims = log.all().filter((e) => e.endedAt === undefined)
  expect(victims).toHaveLength(1)
  expectStarts(log, 12, victims)
  recovery(log, faultAt, victims)
})

test('P1 kill -9 of Redis mid-job: it comes back with its data and its users, and nothing runs twice', async () => {
  embedded.shape(1, 2)
  using log = recordExecutions()
  const results = burla.map(recorded, inputs(log, repeat(20, 200)))
  await someEndedSomeRunning(results.jobId, log, 3, 2)
  const { pids } = await inspectEmbedded()
  kill9(pids.redis ?? 0)
  expect(await results).toEqual(doubles(20))
  expectStarts(log, 20, [])
})

test('P1 a full Redis makes the job wait; when there is room again it goes on, and nothing runs twice', async () => {
  embedded.shape(1, 2)
  using log = recordExecutions()
  const results = burla.map(recorded, inputs(log, repeat(20, 100)))
  await someEndedSomeRunning(results.jobId, log, 3, 2)
  const { redis } = await inspectEmbedded()
  await askRedis(redis, [['CONFIG', 'SET', 'maxmemory', '1mb']])
  const seen = await until('nothing runs any more', () => log.running().length === 0 && log.all().length)
  await expect(until('a new call starts', () => log.all().length > seen, { timeoutMs: 1_500 })).rejects.toThrow(
    'gave up',
  )
  await askRedis(redis, [['CONFIG', 'SET', 'maxmemory', '0']])
  expect(await results).toEqual(doubles(20))
  expectStarts(log, 20, [])
})

test('P4 an input that kills its runner is given up after the third, alone, and its neighbours have their results', async () => {
  embedded.shape(1, 2)
  const results = await burla.settle(
    async (input: number) => {
      if (input === 3) process.kill(process.ppid, 'SIGKILL')
      await new Promise((resolve) => setTimeout(resolve, 20))
      return input * 2
    },
    Array.from({ length: 8 }, (_, index) => index),
  )
  expect(results.map((r) => (r.status === 'fulfilled' ? r.value : r.reason))).toEqual([
    0,
    2,
    4,
    expect.objectContaining({ name: 'InputLostError', code: 'INPUT_LOST', inputIndex: 3 }),
    8,
    10,
    12,
    14,
  ])
})
