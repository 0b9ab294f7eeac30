/**
 * Losing things: whatever is killed, frozen or full, the caller gets exactly the right results (P1), inputs that were not
 * running on the lost part run once (P2), and an input that was runs again within 30 s.
 */
import { burla } from 'burla'
import { askRedis } from '@burla/local-cluster'
import { freeze, kill9, thaw, until } from '@burla/testkit'
import { expect, test } from 'vitest'
import { inspectEmbedded } from 'burla/internal'
import { recordExecutions, recorded, type Execution, type ExecutionLog } from './executions.ts'
import { useEmbedded } from './use-embedded.ts'

const embedded = useEmbedded('test')

const inputs = (log: ExecutionLog, times: number[]) => times.map((ms) => ({ file: log.file, ms }))
const doubles = (count: number) => Array.from({ length: count }, (_, index) => index * 2)
const repeat = (count: number, ms: number) => Array.from({ length: count }, () => ms)

/** Everything ran as often as it had to: once, and the victims of the fault once more. */
function expectStarts(log: ExecutionLog, count: number, victims: Execution[]): void {
  const expected = new Map(Array.from({ length: count }, (_, index) => [index, 1]))
  for (const { index } of victims) expected.set(index, 2)
  expect([...log.starts()].toSorted(([a], [b]) => a - b)).toEqual([...expected])
}

/** Milliseconds from the fault to the second start of its last victim. */
function recovery(log: ExecutionLog, faultAt: number, victims: Execution[]): number {
  const again = victims.map(({ index }) => log.all().filter((e) => e.index === index)[1]?.startedAt ?? Infinity)
  const ms = Math.max(...again) - faultAt
  expect(ms).toBeLessThan(30_000)
  console.log(`recovered in ${(ms / 1000).toFixed(1)} s, ${victims.length} inputs ran twice`)
  return ms
}

const someEndedSomeRunning = (log: ExecutionLog, ended: number, running: number) =>
  until('the job is in full swing', () => {
    const all = log.all()
    return all.length - log.running().length >= ended && log.running().length >= running && log.running()
  })

test('P2 kill -9 of a slot: its input runs again, its neighbours do not notice', async () => {
  embedded.shape(1, 2)
  using log = recordExecutions()
  const results = burla.map(recorded, inputs(log, repeat(10, 300)))
  const [victim] = await someEndedSomeRunning(log, 2, 2)
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
  const victims = await someEndedSomeRunning(log, 2, 2)
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
  const victims = await until('only the last one runs', () => {
    const running = log.running()
    return log.all().length === 5 && running.length === 1 && running
  })
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
  await someEndedSomeRunning(log, 2, 2)
  const { pids } = await inspectEmbedded()
  const faultAt = Date.now()
  kill9(pids.agents[0] ?? 0)
  expect(await results).toEqual(doubles(12))
  const victims = log.all().filter((e) => e.endedAt === undefined)
  expect(victims).toHaveLength(1)
  expectStarts(log, 12, victims)
  recovery(log, faultAt, victims)
})

test('P2 a frozen runner is given up after 15 s, and does no harm when it wakes', async () => {
  embedded.shape(1, 2)
  using log = recordExecutions()
  const results = burla.map(recorded, inputs(log, repeat(6, 1000)))
  const victims = await someEndedSomeRunning(log, 2, 2)
  const runnerPid = victims[0]?.runnerPid ?? 0
  const faultAt = Date.now()
  freeze(runnerPid)
  await until('its inputs run elsewhere', () => victims.every(({ index }) => (log.starts().get(index) ?? 0) > 1), {
    timeoutMs: 30_000,
  })
  try {
    thaw(runnerPid)
  } catch {
    // it was killed, as it should be
  }
  expect(await results).toEqual(doubles(6))
  expectStarts(log, 6, victims)
  recovery(log, faultAt, victims)
})

test('P2 a whole node that freezes loses its claim after 15 s; when it wakes it stops, and serves the next job', async () => {
  embedded.shape(2, 1)
  using log = recordExecutions()
  const results = burla.map(recorded, inputs(log, repeat(8, 1000)))
  const running = await someEndedSomeRunning(log, 2, 2)
  const { pids } = await inspectEmbedded()
  const frozen = [pids.agents[0] ?? 0, running.find(({ nodeId }) => nodeId.startsWith('node-1'))?.runnerPid ?? 0]
  const faultAt = Date.now()
  for (const pid of frozen) freeze(pid)
  await until('another node runs what it ran', () => [...log.starts().values()].includes(2), { timeoutMs: 30_000 })
  for (const pid of frozen) thaw(pid)
  expect(await results).toEqual(doubles(8))
  const again = log.all().filter(({ index }) => log.starts().get(index) === 2)
  expect(again).toHaveLength(2)
  expectStarts(log, 8, again.slice(0, 1))
  recovery(log, faultAt, again.slice(0, 1))
  using next = recordExecutions()
  await burla.map(recorded, inputs(next, repeat(6, 400)))
  expect(new Set(next.all().map(({ nodeId }) => nodeId)).size).toBe(2)
})

test('P1 kill -9 of Redis mid-job: it comes back with its data and its users, and nothing runs twice', async () => {
  embedded.shape(1, 2)
  using log = recordExecutions()
  const results = burla.map(recorded, inputs(log, repeat(20, 200)))
  await someEndedSomeRunning(log, 3, 2)
  const { pids } = await inspectEmbedded()
  kill9(pids.redis ?? 0)
  expect(await results).toEqual(doubles(20))
  expectStarts(log, 20, [])
})

test('P1 a full Redis makes the job wait; when there is room again it goes on, and nothing runs twice', async () => {
  embedded.shape(1, 2)
  using log = recordExecutions()
  const results = burla.map(recorded, inputs(log, repeat(20, 100)))
  await someEndedSomeRunning(log, 3, 2)
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

test('P2 kill -9 of a whole node, agent and runner: another node finishes its inputs', async () => {
  embedded.shape(2, 1)
  using log = recordExecutions()
  const results = burla.map(recorded, inputs(log, repeat(10, 500)))
  const running = await someEndedSomeRunning(log, 2, 2)
  const { pids } = await inspectEmbedded()
  const faultAt = Date.now()
  kill9(pids.agents[0] ?? 0)
  for (const { runnerPid } of running.filter(({ nodeId }) => nodeId.startsWith('node-1'))) kill9(runnerPid)
  expect(await results).toEqual(doubles(10))
  const victims = log.all().filter((e) => e.endedAt === undefined)
  expectStarts(log, 10, victims)
  recovery(log, faultAt, victims)
})
