export * from './slot-pool.ts'
export type { Call, Slot, SlotSetup } from './slot.ts'
export type { Outcome } from './outcome.ts'
