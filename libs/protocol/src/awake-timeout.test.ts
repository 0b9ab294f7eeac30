import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { awakeTimeout } from './index.ts'

/** Computes: the event loop stands still. Begun after the poll phase, so that timers are what comes next. */
async function blockFor(ms: number): Promise<void> {
  await nextTurn()
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

test('P7 is over after its time', async () => {
  const startedAt = performance.now()
  await new Promise<void>((resolve) => awakeTimeout(300, resolve))
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(299)
})

test('P10 time in which the event loop stood still does not count', async () => {
  let over = false
  const cancel = awakeTimeout(700, () => (over = true))
  await blockFor(1_000)
  await nextTurn()
  await nextTurn()
  expect(over).toBe(false)
  cancel()
})

test('is not over when it was called off', async () => {
  let over = false
  awakeTimeout(1, () => (over = true))()
  await new Promise<void>((resolve) => awakeTimeout(20, resolve))
  expect(over).toBe(false)
})
