/**
 * Losing things while jobs run inside calls: the results are exactly right (P1), no job goes on whose call is gone (P8),
 * and nothing is left of any of them.
 */
import { burla } from 'burla'
import { inspectEmbedded } from 'burla/internal'
import { askRedis } from '@burla/local-cluster'
import { kill9, until } from '@burla/testkit'
import { expect, test } from 'vitest'
import { recordExecutions, type Execution, type ExecutionLog } from './executions.ts'
import { useEmbedded } from './use-embedded.ts'

const embedded = useEmbedded('test')

/** Notes its start and end; the outer ones start a job of three of the same. */
async function nested({ file, level }: { file: string; level: number }, index: number): Promise<unknown> {
  const { appendFileSync: append } = await import('node:fs')
  const { BURLA_NODE_ID: nodeId, BURLA_JOB_ID: jobId } = process.env
  const note = (event: string) =>
    append(
      file,
      `${JSON.stringify({ event, index, pid: process.pid, runnerPid: process.ppid, nodeId, jobId, at: Date.now() })}\n`,
    )
  note('start')
  const inputs = [0, 1, 2].map(() => ({ file, level: level - 1 }))
  const inner = level > 0 ? await burla.map(nested, inputs, { name: 'inner' }) : undefined
  if (level === 0) await new Promise((resolve) => setTimeout(resolve, 300))
  note('end')
  return inner ?? index
}

const start = (log: ExecutionLog) =>
  burla.map(
    nested,
    [0, 1, 2].map(() => ({ file: log.file, level: 1 })),
    { name: 'outer' },
  )
const right = [0, 1, 2].map(() => [0, 1, 2])
const isOuter = ({ jobId }: Execution) => jobId.startsWith('outer-')

/** A call of the outer job that waits, and one of its own job that runs. */
async function inFullSwing(log: ExecutionLog): Promise<{ outer: Execution; inner: Execution }> {
  return until(
    'a job runs inside a call, after another one',
    () => {
      const outer = log.running().find(isOuter)
      const inner = log.running().find((one) => !isOuter(one))
      return outer && inner && log.all().length - log.running().length >= 4 && { outer, inner }
    },
    { timeoutMs: 40_000 },
  )
}

/** Of all jobs there is the outer one only, completed, and of their data nothing but records and histories. */
async function expectNoOrphans(): Promise<void> {
  await until('every job is over', async () => {
    const jobs = await burla.jobs()
    const open = jobs.filter(({ state }) => state !== 'completed' && state !== 'cancelled')
    expect(open.map(({ id, state }) => [id, state])).toEqual([])
    return true
  })
  const { redis } = await inspectEmbedded()
  await until('their data is gone', async () => {
    const [keys] = (await askRedis(redis, [['KEYS', 'burla:v1:{*inner-*}*']])) as [string[]]
    const [live] = (await askRedis(redis, [['SMEMBERS', 'burla:v1:jobs']])) as [string[]]
    const [users] = (await askRedis(redis, [['ACL', 'USERS']])) as [string[]]
    expect(live.filter((id) => /^(inner|outer)-/.test(id))).toEqual([])
    expect(keys.filter((key) => !/:(record|counts|records|failures|lines)$/.test(key))).toEqual([])
    expect(users.filter((user) => /^job-(inner|outer)-/.test(user))).toEqual([])
    return true
  })
}

const victims: [string, (swing: { outer: Execution; inner: Execution }) => number | undefined | Promise<number>][] = [
  ['the slot of a call that waits', ({ outer }) => outer.pid],
  ['the slot of a call that it waits for', ({ inner }) => inner.pid],
  ['the runner', ({ outer }) => outer.runnerPid],
  ['the agent', async () => (await inspectEmbedded()).pids.agents[0] ?? 0],
  ['the api', async () => (await inspectEmbedded()).pids.api],
  ['Redis', async () => (await inspectEmbedded()).pids.redis ?? 0],
]

test.each(victims)('P1, P8 kill -9 of %s while a job runs inside a call', async (_, victim) => {
  embedded.shape(1, 1)
  using log = recordExecutions()
  const results = start(log)
  kill9((await victim(await inFullSwing(log))) ?? 0)
  expect(await results).toEqual(right)
  await expectNoOrphans()
})

test('P1, P3 kill -9 of one of two nodes: the other one does its part, of both levels', async () => {
  embedded.shape(2, 2)
  using log = recordExecutions()
  const results = start(log)
  await inFullSwing(log)
  const { pids } = await inspectEmbedded()
  kill9(pids.agents[1] ?? 0)
  expect(await results).toEqual(right)
  await expectNoOrphans()
})
