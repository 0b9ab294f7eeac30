/** Tiny inputs share BullMQ jobs; what is promised for each input holds all the same. */
import { burla } from 'burla'
import { askRedis } from '@burla/local-cluster'
import { jobKeys } from '@burla/protocol'
import { kill9, until } from '@burla/testkit'
import { expect, test } from 'vitest'
import { inspectEmbedded } from 'burla/internal'
import { recordExecutions, recorded } from './executions.ts'
import { useEmbedded } from './use-embedded.ts'

useEmbedded('test')
/** Whether some BullMQ job of the job's queue carries several inputs now. */
async function hasLists(jobId: string): Promise<boolean> {
  const { queue } = jobKeys(jobId)
  const { redis } = await inspectEmbedded()
  const [waiting] = await askRedis(redis, [['LRANGE', queue.wait, '0', '-1']])
  return (waiting as string[]).some((id) => id.includes('x'))
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

test('P2 kill -9 of a runner amid lists: exactly the right results, and only what it had in its hands runs again', async () => {
  using log = recordExecutions()
  const quick = numbers(6_000).map(() => ({ file: log.file, ms: 0 }))
  const results = burla.map(recorded, quick, { batch: 100 })
  await until('lists are under way', async () => log.all().length > 300 && (await hasLists(results.jobId)))
  const runnerPid = log.all().at(-1)?.runnerPid ?? 0
  kill9(runnerPid)
  expect(await results).toEqual(numbers(6_000).map((x) => x * 2))
  const again = [...log.starts()].filter(([, starts]) => starts > 1)
  // two slots, each with one list of at most 100 whose last results may not have been stored
  expect(again.length).toBeLessThanOrEqual(200)
  expect(Math.max(...log.starts().values())).toBeLessThanOrEqual(2)
  const first = new Map(
    log
      .all()
      .map((e) => [e.index, e.runnerPid])
      .toReversed() as [number, number][],
  )
  expect(again.filter(([index]) => first.get(index) !== runnerPid)).toEqual([])
})

test('P4 a slow input among tiny ones holds none of them up', async () => {
  using log = recordExecutions()
  const inputs = numbers(6_000).map((index) => ({ file: log.file, ms: index === 4_500 ? 5_000 : 0 }))
  const results = burla.map(recorded, inputs)
  await until('lists are under way', () => hasLists(results.jobId))
  expect(await results).toEqual(numbers(6_000).map((x) => x * 2))
  const slow = log.all().find(({ index }) => index === 4_500)
  const later = log.all().filter(({ endedAt }) => (endedAt ?? Infinity) > (slow?.endedAt ?? 0))
  expect(later.map(({ index }) => index)).toEqual([])
  expect([...log.starts().values()].filter((starts) => starts !== 1)).toEqual([])
})

test('P4 errors, exits and retries among tiny inputs concern only their own input', async () => {
  const settled = await burla.settle(
    (x: number) => {
      if (x % 500 === 17) throw new RangeError(`not ${x}`)
      if (x === 1_111) process.exit(3)
      return x
    },
    numbers(2_000),
    { retries: 1, retryDelayMs: 1 },
  )
  const failed = settled.filter((one) => one.status === 'rejected')
  expect(failed.map(({ index }) => index)).toEqual([17, 517, 1_017, 1_111, 1_517])
  expect(failed.map(({ attempts }) => attempts)).toEqual([2, 2, 2, 2, 2])
  expect(failed.map(({ reason }) => (reason as Error).name)).toEqual([
    'RangeError',
    'RangeError',
    'RangeError',
    'ExitError',
    'RangeError',
  ])
  const values = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  expect(values).toEqual(numbers(2_000).filter((x) => !failed.some(({ index }) => index === x)))
})
