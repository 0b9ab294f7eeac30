import { expect, test } from 'vitest'
import { createRate } from './rate.ts'

test('the rate is that of the last ten seconds or so', () => {
  const rate = createRate()
  for (let second = 0; second <= 20; second++) rate.note(second * 100, second * 1_000)
  expect(rate.perSecond(20_000)).toBe(100)
  for (let second = 21; second <= 40; second++) rate.note(2_000 + (second - 20) * 5, second * 1_000)
  expect(rate.perSecond(40_000)).toBe(5)
})

test('a rate needs two looks', () => {
  const rate = createRate()
  expect(rate.perSecond(0)).toBe(0)
  rate.note(10, 1_000)
  expect(rate.perSecond(1_000)).toBe(0)
})

test('a job that stands still has a rate that falls', () => {
  const rate = createRate()
  rate.note(10, 0)
  rate.note(20, 1_000)
  expect(rate.perSecond(1_000)).toBe(10)
  expect(rate.perSecond(2_000)).toBe(5)
})
