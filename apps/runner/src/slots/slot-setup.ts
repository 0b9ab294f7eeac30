/** What binds a slot to a job. */
import { join } from 'node:path'
import type { SlotSettings } from './messages.ts'

/** What every process of the job is told before its first call. */
export interface SlotSetup extends SlotSettings {
  functionBytes: Buffer
  /** parent of the slots' working folders; must exist */
  folder: string
  /** V8's heap limit of each slot; a warm process that was started with another one is replaced */
  heapMiB?: number
}

/** The working folder of a slot, which its processes use one after another. A runner has slots of several jobs. */
export function slotFolder({ folder, jobId }: Pick<SlotSetup, 'folder' | 'jobId'>, number: number): string {
  return join(folder, `${jobId}-${number}`)
}
