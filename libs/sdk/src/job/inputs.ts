/** The caller's inputs, whatever iterable they are, as one thing to pull from. */
import { inspect } from 'node:util'
import { BurlaError } from '@burla/protocol'

export interface InputSource<I> {
  /** how many there are, where the iterable says so */
  readonly known: number | undefined
  /** an array: its elements were there when the call was made, so they are taken at the call as far as the window allows */
  readonly atHand: boolean
  /** the next input; a promise only where the iterable is asynchronous */
  next(): IteratorResult<I, unknown> | Promise<IteratorResult<I, unknown>>
  /** Tells the iterable that no more will be pulled: runs the `finally` of a generator. */
  close(): Promise<void>
}

export function openInputs<I>(inputs: Iterable<I> | AsyncIterable<I>, verb: string): InputSource<I> {
  if (Array.isArray(inputs)) return arraySource(inputs as I[])
  const iterator = iteratorOf(inputs)
  if (!iterator) {
    throw new BurlaError(
      'OPTION_INVALID',
      `burla.${verb}: inputs must be an iterable or an async iterable, like an array, and not ${describe(inputs)}`,
    )
  }
  return {
    known: sizeOf(inputs),
    atHand: false,
    next: () => iterator.next(),
    async close() {
      await iterator.return?.()
    },
  }
}

/** A copy of the array: what the caller does to it after the call changes nothing. */
function arraySource<I>(array: I[]): InputSource<I> {
  const inputs = array.slice()
  let index = 0
  return {
    known: inputs.length,
    atHand: true,
    next: () =>
      index < inputs.length ? { done: false, value: inputs[index++] as I } : { done: true, value: undefined },
    close: () => Promise.resolve(),
  }
}

function iteratorOf<I>(inputs: Iterable<I> | AsyncIterable<I>): Iterator<I> | AsyncIterator<I> | undefined {
  if (inputs === null || inputs === undefined) return undefined
  if (Symbol.asyncIterator in Object(inputs)) return (inputs as AsyncIterable<I>)[Symbol.asyncIterator]()
  if (Symbol.iterator in Object(inputs)) return (inputs as Iterable<I>)[Symbol.iterator]()
  return undefined
}

function sizeOf(inputs: unknown): number | undefined {
  if (inputs instanceof Set || inputs instanceof Map) return inputs.size
  if (ArrayBuffer.isView(inputs) && 'length' in inputs) return Number(inputs.length)
  return undefined
}

function describe(value: unknown): string {
  if (typeof value !== 'object' || value === null) return inspect(value)
  const className = value.constructor?.name ?? 'Object'
  return className === 'Object' ? 'a plain object' : `one of class ${className}`
}
