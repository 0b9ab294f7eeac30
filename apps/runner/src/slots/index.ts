export { createSlotPool, type SlotPool } from './slot-pool.ts'
