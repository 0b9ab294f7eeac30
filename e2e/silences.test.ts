/**
 * Losing what nobody sees die: a part that is frozen, or gone with all that would have noticed, is given up after 15 s of
 * silence (P2, P3). What is promised of losses holds here too.
 */
import { burla } from 'burla'
import { inspectEmbedded } from 'burla/internal'
import { freeze, kill9, thaw, until } from '@burla/testkit'
import { expect, test } from 'vitest'
import { recordExecutions, recorded } from './executions.ts'
import { inputs, doubles, repeat, expectStarts, recovery, someEndedSomeRunning } from './losing.ts'
import { useEmbedded } from './use-embedded.ts'

const embedded = useEmbedded('test')

test('P2 a frozen runner is given up after 15 s, and does no harm when it wakes', async () => {
  embedded.shape(1, 2)
  using log = recordExecutions()
  const results = burla.map(recorded, inputs(log, repeat(6, 1000)))
  const victims = await someEndedSomeRunning(results.jobId, log, 2, 2)
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
  const running = await someEndedSomeRunning(results.jobId, log, 2, 2)
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

test('P2 kill -9 of a whole node, agent and runner: another node finishes its inputs', async () => {
  embedded.shape(2, 1)
  using log = recordExecutions()
  const results = burla.map(recorded, inputs(log, repeat(10, 500)))
  const running = await someEndedSomeRunning(results.jobId, log, 2, 2)
  const { pids } = await inspectEmbedded()
  const faultAt = Date.now()
  kill9(pids.agents[0] ?? 0)
  for (const { runnerPid } of running.filter(({ nodeId }) => nodeId.startsWith('node-1'))) kill9(runnerPid)
  expect(await results).toEqual(doubles(10))
  const victims = log.all().filter((e) => e.endedAt === undefined)
  expectStarts(log, 10, victims)
  recovery(log, faultAt, victims)
})
