import fc from 'fast-check'
import { expect, test } from 'vitest'
import { heapOf, roomOf, runsAgain, type Memory } from './memory.ts'

const shared: Memory = { slots: 32, memoryGiB: null, sharedMiB: 64 * 1024, ownHeapMiB: 4096 }
const processes: Memory = { ...shared, sharedMiB: null }
const owned: Memory = { ...shared, memoryGiB: 2 }

test('M1 each time an input has a larger part of the memory, at last all of it', () => {
  expect([0, 1, 2, 3, 4].map((deaths) => roomOf(deaths, shared))).toEqual([
    { calls: 32, heapMiB: undefined },
    { calls: 8, heapMiB: 6144 },
    { calls: 2, heapMiB: 24_576 },
    { calls: 1, heapMiB: 49_152 },
    { calls: 1, heapMiB: 49_152 },
  ])
})

test('M1 where memory is not only ours, there are fewer calls and the heap stays as it is', () => {
  expect([0, 1, 2, 3].map((deaths) => roomOf(deaths, processes))).toEqual([
    { calls: 32, heapMiB: undefined },
    { calls: 8, heapMiB: undefined },
    { calls: 2, heapMiB: undefined },
    { calls: 1, heapMiB: undefined },
  ])
})

test.each<[string, boolean, Parameters<typeof runsAgain>]>([
  ['a full heap among others', true, ['heap', 0, shared]],
  ['a kill among others', true, ['kernel', 2, shared]],
  ['a full heap alone, which was all there is', false, ['heap', 3, shared]],
  ['a kill alone', false, ['kernel', 3, shared]],
  ['a full heap in the only slot, which may have more', true, ['heap', 0, { ...shared, slots: 1 }]],
  ['a kill in the only slot', false, ['kernel', 0, { ...shared, slots: 1 }]],
  ['a full heap among processes', true, ['heap', 2, processes]],
  ['a full heap in the only slot of processes', false, ['heap', 0, { ...processes, slots: 1 }]],
  ['M2 a full heap that is its own', false, ['heap', 0, owned]],
  ['M2 a kill among those that have their own', true, ['kernel', 0, owned]],
  ['M2 a kill of one alone that has its own', false, ['kernel', 0, { ...owned, slots: 1 }]],
])('%s: runs again %s', (_, again, death) => {
  expect(runsAgain(...death)).toBe(again)
})

test('M3 no input dies of memory for ever, and the last time it was alone, unless its heap is its own', () => {
  const memories = fc.record({
    slots: fc.integer({ min: 1, max: 1_000 }),
    memoryGiB: fc.option(fc.constantFrom(0.25, 4)),
    sharedMiB: fc.option(fc.integer({ min: 128, max: 1_000_000 })),
    ownHeapMiB: fc.integer({ min: 100, max: 5_000 }),
  })
  fc.assert(
    fc.property(memories, fc.constantFrom('heap' as const, 'kernel' as const), (memory, cause) => {
      let deaths = 0
      while (runsAgain(cause, deaths, memory)) deaths++
      expect(deaths).toBeLessThan(8)
      if (cause === 'kernel' || memory.memoryGiB === null) expect(roomOf(deaths, memory).calls).toBe(1)
    }),
  )
})

test('a heap follows the memory that was asked for', () => {
  expect([heapOf({ memoryGiB: 2 }), heapOf({ memoryGiB: null })]).toEqual([{ heapMiB: 1536 }, {}])
})
