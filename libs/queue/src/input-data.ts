/**
 * One input inside a BullMQ job. Small inputs travel in its JSON (as latin1, which keeps every byte and leaves text
 * readable), larger ones in the job's `inputs` hash, with their size in their place.
 * A name says how the input got there: for the first time, pushed again after a lost reply, or for a further attempt.
 */
import { inlineInputBytes } from '@burla/protocol'

export type InputName = 'input' | 'again' | 'retry'

export type InputData = { i: number; v: string } | { i: number; b: number }

export function isInline(bytes: Buffer): boolean {
  return bytes.length <= inlineInputBytes
}

export function encodeInput(index: number, bytes: Buffer): InputData {
  return isInline(bytes) ? { i: index, v: bytes.toString('latin1') } : { i: index, b: bytes.length }
}

/** BullMQ's id of an input: pushing it twice adds it once. Retries get ids of their own (`i7r1`). */
export function inputId(index: number): string {
  return `i${index}`
}
