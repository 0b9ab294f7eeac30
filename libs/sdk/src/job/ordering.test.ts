import { expect, test } from 'vitest'
import fc from 'fast-check'
import { createOrdering } from './ordering.ts'

test('P1 results come out in the order of the inputs, whatever order they came in', () => {
  const orders = fc.nat(200).chain((count) => {
    const indexes = Array.from({ length: count }, (_, index) => index)
    return fc.shuffledSubarray(indexes, { minLength: count, maxLength: count })
  })
  fc.assert(
    fc.property(orders, (order) => {
      const ordering = createOrdering<string>()
      for (const index of order) ordering.put(index, `result ${index}`)
      expect(ordering.all()).toEqual(Array.from(order, (_, index) => `result ${index}`))
    }),
  )
})

test('P1 results that are undefined are results', () => {
  const ordering = createOrdering<undefined>()
  ordering.put(1, undefined)
  ordering.put(0, undefined)
  expect(ordering.all()).toEqual([undefined, undefined])
})

test('P1 a missing result and a second one are faults that name the input', () => {
  const ordering = createOrdering<number>()
  ordering.put(0, 1)
  ordering.put(2, 1)
  expect(() => ordering.all()).toThrow('input 1 has no result')
  expect(() => ordering.put(2, 1)).toThrow('input 2 has two results')
})
