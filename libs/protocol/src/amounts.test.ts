import { expect, test } from 'vitest'
import { ago, counted, duration } from './amounts.ts'

test.each([
  [50, '0.1 s'],
  [9_940, '9.9 s'],
  [119_000, '119 s'],
  [150_000, '2 min 30 s'],
  [2 * 3_600_000 + 61_000, '2 h 1 min'],
])('%d ms are read as "%s"', (ms, text) => {
  expect(duration(ms)).toBe(text)
})

test.each([
  [1_400, 'just now'],
  [-5_000, 'just now'],
  [89_000, '89 s ago'],
  [90_000, '2 min ago'],
  [89 * 60_000, '89 min ago'],
  [100 * 60_000, '2 h ago'],
  [35 * 3_600_000, '35 h ago'],
  [40 * 3_600_000, '2 days ago'],
])('what was %d ms before is said to be "%s"', (ms, text) => {
  expect(ago(1_000_000_000, 1_000_000_000 + ms)).toBe(text)
})

test('a count has its noun, and commas', () => {
  expect([counted(1, 'node'), counted(0, 'node'), counted(1_234_567, 'node')]).toEqual([
    '1 node',
    '0 nodes',
    '1,234,567 nodes',
  ])
})
