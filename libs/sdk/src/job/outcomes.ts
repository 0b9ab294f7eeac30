/** What became of one input, as the caller sees it. */
import { decodeFailure, decodeValue, withCallSite, type ResultHeader } from '@burla/protocol'
import type { CallSite } from './call-site.ts'

export type Outcome<R> =
  | { status: 'fulfilled'; index: number; value: R; attempts: number; durationMs: number }
  | { status: 'rejected'; index: number; reason: unknown; attempts: number; durationMs: number }

/** An error shows where it happened, and which call of the caller's program it was. */
export function decodeOutcome<R>(header: ResultHeader, payload: Buffer, callSite: CallSite): Outcome<R> {
  const { index, attempts, durationMs } = header
  if (header.status === 'ok') {
    return { status: 'fulfilled', index, value: decodeValue(payload) as R, attempts, durationMs }
  }
  const reason = withCallSite(decodeFailure(payload, { inputIndex: index }), callSite.stack)
  return { status: 'rejected', index, reason, attempts, durationMs }
}

/** One sentence for the job's record: why a failed input ended the job. */
export function describeFailure(index: number, reason: unknown): string {
  const text = reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason)
  return `input ${index} failed: ${text.slice(0, 500)}`
}
