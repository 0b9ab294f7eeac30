import { expect, test } from 'vitest'
import { createListSize } from './list-size.ts'

function after(count: number, ms: number) {
  const size = createListSize()
  for (let i = 0; i < count; i++) size.measured(ms)
  return size
}

test('an input travels alone until enough calls were measured', () => {
  expect(createListSize().of(500, 2)).toBe(1)
  expect(after(9, 0.01).of(500, 2)).toBe(1)
})

test.each([
  { ms: 0.001, expected: 100 },
  { ms: 0.5, expected: 10 },
  { ms: 1, expected: 5 },
  { ms: 1.1, expected: 1 },
  { ms: 1_000, expected: 1 },
])('of calls of $ms ms $expected share one job', ({ ms, expected }) => {
  expect(after(100, ms).of(500, 2)).toBe(expected)
})

test('lists leave something to do for each slot', () => {
  expect(after(100, 0.001).of(500, 32)).toBe(7)
  expect(after(100, 0.001).of(3, 2)).toBe(1)
})

test('a slow call ends the sharing until calls are tiny again', () => {
  const size = after(100, 0.01)
  size.measured(100)
  expect(size.of(500, 2)).toBe(1)
  for (let i = 0; i < 100; i++) size.measured(0.01)
  expect(size.of(500, 2)).toBeGreaterThan(1)
})

test('until enough was measured as many share one job as was said', () => {
  const size = createListSize('auto', 10)
  expect(size.of(500, 2)).toBe(10)
  expect(size.of(30, 2)).toBe(7)
  for (let i = 0; i < 10; i++) size.measured(5)
  expect(size.of(500, 2)).toBe(1)
})

test('a caller who says how many has it so', () => {
  expect(createListSize(7)).toMatchObject({ known: true })
  expect(createListSize(7).of(3, 32)).toBe(7)
})
