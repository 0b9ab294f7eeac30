export * from './slot-pool.ts'
export type { Call } from './running-call.ts'
export type { Slot, SlotSetup } from './slot.ts'
export type { Outcome } from './outcome.ts'
