/** What tests of losses have in common: jobs whose calls are recorded, and what is expected of them after a fault. */
import { burla } from 'burla'
import { until } from '@burla/testkit'
import { expect } from 'vitest'
import type { Execution, ExecutionLog } from './executions.ts'

export const inputs = (log: ExecutionLog, times: number[]) => times.map((ms) => ({ file: log.file, ms }))
export const doubles = (count: number) => Array.from({ length: count }, (_, index) => index * 2)
export const repeat = (count: number, ms: number) => Array.from({ length: count }, () => ms)

/** Everything ran as often as it had to: once, and the victims of the fault once more. */
export function expectStarts(log: ExecutionLog, count: number, victims: Execution[]): void {
  const expected = new Map(Array.from({ length: count }, (_, index) => [index, 1]))
  for (const { index } of victims) expected.set(index, 2)
  expect([...log.starts()].toSorted(([a], [b]) => a - b)).toEqual([...expected])
}

/** Milliseconds from the fault to the second start of its last victim. */
export function recovery(log: ExecutionLog, faultAt: number, victims: Execution[]): number {
  const again = victims.map(({ index }) => log.all().filter((e) => e.index === index)[1]?.startedAt ?? Infinity)
  const ms = Math.max(...again) - faultAt
  expect(ms).toBeLessThan(30_000)
  console.log(`recovered in ${(ms / 1000).toFixed(1)} s, ${victims.length} inputs ran twice`)
  return ms
}

/**
 * The calls that run, when that many have ended, whose results are stored: one whose result is still on its way when its
 * runner is killed runs again, too.
 */
export const someEndedSomeRunning = (jobId: string, log: ExecutionLog, ended: number, running: number) =>
  until('the job is in full swing', async () => {
    const victims = log.running()
    const endedNow = log.all().length - victims.length
    if (endedNow < ended || victims.length < running) return false
    const { inputs: stored } = await burla.job(jobId).status()
    return stored.completed === log.all().length - log.running().length && log.running()
  })
