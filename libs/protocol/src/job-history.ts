/** What is kept of a job beside its results, and for longer: its history (P6). */
import type { FailureSummary } from './failure/index.ts'
import type { NodeId } from './ids.ts'
import type { Line } from './result-entry.ts'

export const inputStates = ['running', 'completed', 'failed'] as const
export type InputState = (typeof inputStates)[number]

export interface InputRecord {
  index: number
  state: InputState
  /** ended so far */
  attempts: number
  /** of the last attempt, in the function; null while it runs */
  durationMs: number | null
  nodeId: NodeId | null
  startedAt: number | null
  finishedAt: number | null
}

export interface FailureRecord extends FailureSummary {
  index: number
  attempts: number
  finishedAt: number
}

/** `cut`: so many more there were; older ones of the inputs, later ones of the failures. */
export interface InputRecords {
  inputs: InputRecord[]
  cut: number
}

export interface FailureRecords {
  failures: FailureRecord[]
  cut: number
}

/** `index` null: printed outside of any call. `run` more than 1: by a further attempt, or after a loss. */
export interface KeptLine extends Omit<Line, 'index'> {
  index: number | null
  at: number
}

/** Stands where lines are missing: these many, before the one that follows. */
export interface CutLines {
  cut: { lines: number; bytes: number }
}
