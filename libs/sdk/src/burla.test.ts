import { expectTypeOf, test } from 'vitest'
import { burla, type MapPromise, type Outcome } from './index.ts'

// Never called: what is checked is what the compiler makes of them.
const calls = {
  map: () => burla.map(async (n: number, index) => `${n} ${index.toFixed()}`, new Set([1])),
  mapOfLists: () => burla.map((list) => list.length, [['a'], ['b', 'c']]),
  settle: () => burla.settle((n) => n > 1, [1, 2]),
  stream: () =>
    burla.stream(
      (text) => [text],
      (async function* () {
        yield 'a'
      })(),
    ),
}

test('types are inferred from the function and the inputs', () => {
  expectTypeOf(calls.map).returns.toEqualTypeOf<MapPromise<string[]>>()
  expectTypeOf(calls.mapOfLists).returns.resolves.toEqualTypeOf<number[]>()
  expectTypeOf(calls.settle).returns.resolves.toEqualTypeOf<Outcome<boolean>[]>()
  expectTypeOf(calls.stream).returns.toEqualTypeOf<AsyncIterableIterator<{ index: number; value: string[] }>>()
})
