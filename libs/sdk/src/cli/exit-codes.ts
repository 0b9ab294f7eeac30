/** Exit codes of the CLI: 0 ok, 2 usage, 3 login or version, 4 not found, 5 conflict, 6 unreachable, 7 job failed, 8 cancelled. */
import { CommanderError } from 'commander'
import { BurlaError, type ErrorCode } from '@burla/protocol'

const byCode: Partial<Record<ErrorCode, number>> = {
  OPTION_INVALID: 2,
  UNAUTHORIZED: 3,
  FORBIDDEN: 3,
  CODEC_UNKNOWN: 3,
  JOB_UNKNOWN: 4,
  REDIS_MISSING: 4,
  JOB_CONFLICT: 5,
  CLUSTER_CONFLICT: 5,
  CLUSTER_UNREACHABLE: 6,
  JOB_FAILED: 7,
  JOB_CANCELLED: 8,
}

export function exitCodeOf(error: unknown): number {
  // Help and version end like this too, with 0; every other complaint of the parser is about usage.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  return (error instanceof BurlaError && byCode[error.code]) || 1
}
