import { expect, test } from 'vitest'
import { openInputs } from './inputs.ts'

async function all<I>(inputs: Iterable<I> | AsyncIterable<I>): Promise<I[]> {
  const source = openInputs(inputs, 'map')
  const found: I[] = []
  for (let step = await source.next(); !step.done; step = await source.next()) found.push(step.value)
  return found
}

test('any iterable gives its elements, and an element that is an array stays one input', async () => {
  expect(await all([[1, 2], [3]])).toEqual([[1, 2], [3]])
  expect(await all(new Set(['a', 'b']))).toEqual(['a', 'b'])
  expect(await all(new Map([['a', 1]]))).toEqual([['a', 1]])
  expect(await all('hé')).toEqual(['h', 'é'])
  expect(await all(Uint8Array.of(1, 2))).toEqual([1, 2])
  async function* counting() {
    yield* [1, 2]
  }
  expect(await all(counting())).toEqual([1, 2])
})

test('the number of inputs is known where the iterable has one', () => {
  function* counting() {
    yield 1
  }
  const known = [[1, 2], new Set([1]), new Map(), Uint8Array.of(1, 2, 3), counting()].map(
    (inputs) => openInputs<unknown>(inputs, 'map').known,
  )
  expect(known).toEqual([2, 1, 0, 3, undefined])
})

test('P5 what is done to an array after the call does not change the inputs', async () => {
  const array = [1, 2]
  const source = openInputs(array, 'map')
  array.push(3)
  array[0] = 9
  expect([await source.next(), await source.next(), await source.next()]).toEqual([
    { done: false, value: 1 },
    { done: false, value: 2 },
    { done: true, value: undefined },
  ])
})

test('inputs that are no iterable are refused in a sentence that says what was given', () => {
  const refusal = (inputs: unknown) => () => openInputs(inputs as number[], 'settle')
  expect(refusal(5)).toThrow('burla.settle: inputs must be an iterable or an async iterable, like an array, and not 5')
  expect(refusal(undefined)).toThrow('and not undefined')
  expect(refusal({ a: 1 })).toThrow('and not a plain object')
})

test('closing runs the clean-up of a generator', async () => {
  let cleanedUp = false
  function* counting() {
    try {
      for (let n = 0; ; n++) yield n
    } finally {
      cleanedUp = true
    }
  }
  const source = openInputs(counting(), 'map')
  await source.next()
  await source.close()
  expect(cleanedUp).toBe(true)
})
