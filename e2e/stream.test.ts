/** `burla.stream`: results as they finish, endless inputs, backpressure both ways. */
import { burla } from 'burla'
import { until } from '@burla/testkit'
import { expect, test } from 'vitest'
import { useEmbedded } from './use-embedded.ts'

useEmbedded('file')
const double = (n: number) => n * 2

function endless() {
  const state = { pulled: 0, closed: false }
  function* numbers() {
    try {
      for (;;) yield state.pulled++
    } finally {
      state.closed = true
    }
  }
  return { state, inputs: numbers() }
}

test('P1 every result comes once, as it finishes', async () => {
  const seen: [number, number][] = []
  for await (const { index, value } of burla.stream(double, [5, 6, 7])) seen.push([index, value])
  expect(seen.toSorted(([a], [b]) => a - b)).toEqual([
    [0, 10],
    [1, 12],
    [2, 14],
  ])
})

test('no inputs, no results', async () => {
  for await (const result of burla.stream(double, [])) expect.fail(`${result.index} came from nowhere`)
})

test('P6 inputs may be endless: a loop that takes few results has few inputs pulled, and leaving it closes them', async () => {
  const { state, inputs } = endless()
  let taken = 0
  for await (const { index, value } of burla.stream(double, inputs)) {
    taken++
    expect(value).toBe(index * 2)
    expect(state.pulled - taken).toBeLessThanOrEqual(10_000)
    if (taken === 1_500) break
  }
  expect(state.closed).toBe(true)
})

test('P6 results that nobody takes stop the inputs: the window is the bound', async () => {
  const { state, inputs } = endless()
  const results = burla.stream(double, inputs)[Symbol.asyncIterator]()
  await results.next()
  await until('the window is full', () => state.pulled >= 10_000)
  await results.next()
  expect(state.pulled).toBeLessThanOrEqual(10_002)
  await results.return?.()
  expect(state.closed).toBe(true)
})

test('the first failure ends the loop with what was thrown', async () => {
  const loop = async () => {
    const fail = (n: number) => {
      if (n === 3) throw new RangeError('three')
      return n
    }
    for await (const { value } of burla.stream(fail, endless().inputs)) expect(value).not.toBe(3)
  }
  await expect(loop()).rejects.toMatchObject({ name: 'RangeError', message: 'three', inputIndex: 3 })
})

test('a stream fed by a stream', async () => {
  async function* doubled() {
    for await (const { value } of burla.stream(double, [1, 2, 3, 4])) yield value
  }
  const values: number[] = []
  for await (const { value } of burla.stream(double, doubled())) values.push(value)
  expect(values.toSorted((a, b) => a - b)).toEqual([4, 8, 12, 16])
})

test('P7 return() does not wait for a result that never comes', async () => {
  const results = burla.stream(() => new Promise(() => undefined), [1])[Symbol.asyncIterator]()
  const waiting = results.next()
  await results.return?.()
  expect(await waiting).toEqual({ done: true, value: undefined })
})
