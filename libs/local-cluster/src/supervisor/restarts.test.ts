import { expect, test } from 'vitest'
import { restartDelayMs } from './restarts.ts'

const now = 1_000_000
test.each([
  ['the first death', [0], 50],
  ['the second in a minute', [10, 0], 100],
  ['the fifth in a minute', [40, 30, 20, 10, 0], 800],
  ['the sixth in a minute', [50, 40, 30, 20, 10, 0], undefined],
  ['the sixth, the first of them long ago', [60, 40, 30, 20, 10, 0], 800],
  ['one after a quiet minute', [500, 400, 300, 200, 100, 0], 50],
])('%s', (_, secondsAgo, expected) => {
  expect(
    restartDelayMs(
      secondsAgo.map((seconds) => now - seconds * 1000),
      now,
    ),
  ).toBe(expected)
})
