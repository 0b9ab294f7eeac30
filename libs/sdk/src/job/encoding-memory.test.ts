import { expect, test } from 'vitest'
import { createEncodingMemory } from './encoding-memory.ts'

const MiB = 1024 * 1024

test('what was given back is used again, for sizes that it fits without much waste', () => {
  const memory = createEncodingMemory()
  const first = memory.take(MiB)
  const second = memory.take(MiB)
  expect(second.buffer).not.toBe(first.buffer)
  memory.giveBack(first)
  expect(memory.take(MiB / 4).buffer).not.toBe(first.buffer)
  const again = memory.take(MiB - 5)
  expect(again.buffer).toBe(first.buffer)
  expect(again.length).toBe(MiB - 5)
})

test('memory that is in use is never lent twice, however often it is given back', () => {
  const memory = createEncodingMemory()
  const first = memory.take(MiB)
  memory.giveBack(first)
  memory.giveBack(first)
  memory.giveBack(Buffer.alloc(MiB))
  expect(memory.take(MiB).buffer).toBe(first.buffer)
  expect(memory.take(MiB).buffer).not.toBe(first.buffer)
})

test('P6 no more is kept than the limit', () => {
  const memory = createEncodingMemory(3 * MiB)
  const taken = [1, 2, 3, 4].map(() => memory.take(MiB))
  for (const buffer of taken) memory.giveBack(buffer)
  const known = new Set(taken.map(({ buffer }) => buffer))
  expect([1, 2, 3, 4].map(() => known.has(memory.take(MiB).buffer))).toEqual([true, true, true, false])
})
