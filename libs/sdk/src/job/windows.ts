/**
 * P6: how many inputs, and how many bytes of them, may be on their way: pulled from the caller's iterable and without
 * a result that the caller has taken. There is room while both counts are under their limits, and always for four
 * inputs per slot of the job's nodes, so that no slot waits because inputs are large.
 */
import { windowBytes, windowInputs, windowInputsPerSlot } from '@burla/protocol'

export interface WindowLimits {
  inputs: number
  bytes: number
  inputsPerSlot: number
}

const defaultLimits: WindowLimits = { inputs: windowInputs, bytes: windowBytes, inputsPerSlot: windowInputsPerSlot }

export interface Window {
  readonly inputs: number
  readonly bytes: number
  hasRoom(): boolean
  add(index: number, bytes: number): void
  /** False when the input is not on its way: its result was taken before (P1). */
  remove(index: number): boolean
  /** How many slots the job's nodes have now. */
  setSlots(slots: number): void
}

export function createWindow(limits: WindowLimits = defaultLimits): Window {
  const sizes = new Map<number, number>()
  let bytes = 0
  let slots = 1
  return {
    get inputs() {
      return sizes.size
    },
    get bytes() {
      return bytes
    },
    hasRoom: () => sizes.size < slots * limits.inputsPerSlot || (sizes.size < limits.inputs && bytes < limits.bytes),
    add(index, size) {
      sizes.set(index, size)
      bytes += size
    },
    remove(index) {
      const size = sizes.get(index)
      if (size === undefined) return false
      sizes.delete(index)
      bytes -= size
      return true
    },
    setSlots(count) {
      slots = Math.max(1, count)
    },
  }
}
