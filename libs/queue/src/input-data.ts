/**
 * A list of one or more inputs inside a BullMQ job; a slot runs them one after another. Small inputs travel in the job's
 * JSON (as latin1, which keeps every byte and leaves text readable), larger ones in the `inputs` hash, with their size
 * in their place.
 * A name says how the list got there: for the first time, pushed again after a lost reply, or for a further attempt
 * (then it has one input, and `a` says how many attempts came before).
 */
import { codecVersion, inlineInputBytes } from '@burla/protocol'

export type InputName = 'input' | 'again' | 'retry'

export interface InputData {
  /** codec version */
  c: number
  i: number[]
  v: (string | number)[]
  a?: number
}

export interface EncodedInput {
  index: number
  bytes: Buffer
}

export function isInline({ bytes }: EncodedInput): boolean {
  return bytes.length <= inlineInputBytes
}

export function encodeInputs(inputs: EncodedInput[]): InputData {
  return {
    c: codecVersion,
    i: inputs.map(({ index }) => index),
    v: inputs.map((input) => (isInline(input) ? input.bytes.toString('latin1') : input.bytes.length)),
  }
}

/** BullMQ's id of a list: pushing it twice adds it once. Retries get ids of their own (`i7r1`). */
export function listId(inputs: EncodedInput[]): string {
  const first = `i${inputs[0]?.index}`
  return inputs.length === 1 ? first : `${first}x${inputs.length}`
}

/** Lists of at most `size` inputs, whose inline bytes together stay below what one input may have. */
export function intoLists(inputs: EncodedInput[], size: number): EncodedInput[][] {
  const lists: EncodedInput[][] = []
  let bytes = Infinity
  for (const input of inputs) {
    const list = lists.at(-1)
    bytes += input.bytes.length
    if (list && list.length < size && bytes <= inlineInputBytes) list.push(input)
    else {
      lists.push([input])
      bytes = input.bytes.length
    }
  }
  return lists
}
