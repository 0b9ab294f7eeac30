/** Results come as they finish; the caller gets them in the order of the inputs, exactly one for each (P1). */
import { BurlaError } from '@burla/protocol'

const missing = Symbol('no result yet')

export interface Ordering<R> {
  put(index: number, result: R): void
  /** results 0, 1, ... are all there, up to but without this one */
  readonly gapless: number
  /** All of them, in order. A missing or second result breaks an invariant of ours, and throws. */
  all(): R[]
}

export function createOrdering<R>(): Ordering<R> {
  const results: (R | typeof missing)[] = []
  let gapless = 0
  return {
    get gapless() {
      while (gapless < results.length && results[gapless] !== missing) gapless++
      return gapless
    },
    put(index, result) {
      // Filled one by one: V8 turns an array with a large gap into a slow dictionary.
      while (results.length <= index) results.push(missing)
      if (results[index] !== missing) throw broken(`input ${index} has two results`)
      results[index] = result
    },
    all() {
      const gap = results.indexOf(missing)
      if (gap !== -1) throw broken(`input ${gap} has no result, but later ones have`)
      return results as R[]
    },
  }
}

function broken(what: string) {
  return new BurlaError('INTERNAL', `${what}; this is a fault of Burla, please report it`)
}
