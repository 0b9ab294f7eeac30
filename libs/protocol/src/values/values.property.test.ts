import fc from 'fast-check'
import { expect, test } from 'vitest'
import { anyValue, difference } from './fixtures/any-value.ts'
import { decodeValue, encodeValue } from './index.ts'

test('whatever is encoded comes back the same: kinds, prototypes, shared references, cycles', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      expect(difference(value, decodeValue(encodeValue(value)))).toBeUndefined()
    }),
    { numRuns: 2_000 },
  )
})

test('a difference is found, wherever it is', () => {
  const shared = { a: 1 }
  const cycle: unknown[] = [1]
  cycle.push(cycle)
  expect(difference([shared, shared], [{ a: 1 }, { a: 1 }])).toBe('value/4 is another object')
  expect(difference(cycle, [1, [1, cycle]])).toBeDefined()
  expect(difference(new Uint8Array(1), Buffer.alloc(1))).toBe('value has another prototype')
  expect(difference({ a: [-0] }, { a: [0] })).toBe('value/1/2')
  expect(difference(new Map([[1, 2]]), new Map([[1, 3]]))).toBe('value/1')
})
