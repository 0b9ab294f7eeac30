/** What became of one input, as the caller sees it. */
import { inspect } from 'node:util'
import { decodeFailure, decodeValue, withCallSite, type DecodeFailureOptions, type ResultHeader } from '@burla/protocol'
import type { CallSite } from './call-site.ts'

export type Outcome<R> =
  | { status: 'fulfilled'; index: number; value: R; attempts: number; durationMs: number }
  | { status: 'rejected'; index: number; reason: unknown; attempts: number; durationMs: number }

/** What the caller's program knows of its errors: their classes, and its own files; asked for with the first failure. */
export type OwnErrors = () => Pick<DecodeFailureOptions, 'classes' | 'stack'>

/** An error shows where it happened, and which call of the caller's program it was. */
export function decodeOutcome<R>(
  header: ResultHeader,
  payload: Buffer,
  callSite: CallSite,
  ownErrors: OwnErrors = () => ({}),
): Outcome<R> {
  const { index, attempts, durationMs } = header
  const origin = { what: `the result of input ${index}`, from: 'cluster' } as const
  if (header.status === 'ok') {
    return { status: 'fulfilled', index, value: decodeValue(payload, { origin }) as R, attempts, durationMs }
  }
  const error = decodeFailure(payload, { origin, inputIndex: index, ...ownErrors() })
  const reason = withCallSite(error, callSite.stack)
  return { status: 'rejected', index, reason, attempts, durationMs }
}

/** For the job's record: why it was ended, in one sentence. Whatever was thrown, and however large it is. */
export function describeThrown(thrown: unknown): string {
  const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : inspect(thrown)
  return text.slice(0, 500)
}
