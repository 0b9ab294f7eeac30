import { heldWorkMs } from '@burla/protocol'
import { expect, test } from 'vitest'
import { createHolding } from './holding.ts'

test('nothing is held before anything was measured', () => {
  expect(createHolding().wanted(4)).toBe(4)
})

test.each([
  { callMs: 5, wanted: 4 * (1 + heldWorkMs / 5) },
  { callMs: heldWorkMs, wanted: 4 },
  { callMs: 1_000, wanted: 4 },
  { callMs: 0.01, wanted: 4 * 101 },
])('calls of $callMs ms: a runner of four slots wants $wanted inputs in hand', ({ callMs, wanted }) => {
  const holding = createHolding()
  for (let i = 0; i < 50; i++) holding.measured(callMs)
  expect(holding.wanted(4)).toBe(wanted)
})

test('when held inputs had to go back nothing is held until calls are short again', () => {
  const holding = createHolding()
  holding.measured(1)
  holding.stuck()
  expect(holding.wanted(4)).toBe(4)
  for (let i = 0; i < 50; i++) holding.measured(1)
  expect(holding.wanted(4)).toBeGreaterThan(4)
})
