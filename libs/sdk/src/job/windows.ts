/**
 * P6: how many inputs, and how many bytes of them, may be on their way: pulled from the caller's iterable and without
 * a result that the caller has taken. There is room while both counts are under their limits, and always for four
 * inputs per slot of the job's nodes, so that no slot waits because inputs are large. A window that was full has room
 * again when a twentieth of it is free: inputs pushed one by one cost several times as much as inputs in chunks.
 */
import { windowBytes, windowInputs, windowInputsPerSlot } from '@burla/protocol'

export interface WindowLimits {
  inputs: number
  bytes: number
  inputsPerSlot: number
}

const refillAt = 0.95

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
  let wasFull = false

  function hasRoom(): boolean {
    const share = wasFull ? refillAt : 1
    const isOpen = sizes.size < limits.inputs * share && bytes < limits.bytes * share
    wasFull = !isOpen
    return isOpen || sizes.size < slots * limits.inputsPerSlot
  }

  return {
    get inputs() {
      return sizes.size
    },
    get bytes() {
      return bytes
    },
    hasRoom,
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
