/**
 * One error class for everything that Burla itself has to say. What the user's function throws is not an error of
 * ours: it is a result, and arrives as itself.
 */
export const errorCodes = {
  OPTION_INVALID: 'an option is unknown, of the wrong type or out of range',
  FUNCTION_NOT_PORTABLE: 'the function cannot travel',
  SETUP_FAILED: 'a module of the option "setup" could not be run',
  INPUT_NOT_PORTABLE: 'an input cannot travel',
  RESULT_NOT_PORTABLE: 'what the function returned cannot travel',
  INPUT_TOO_BIG: 'an input is over the limit',
  RESULT_TOO_BIG: 'a result is over the limit',
  FUNCTION_TOO_BIG: 'the function is over the limit',
  CODEC_UNKNOWN: 'a message was written by another version',
  CLUSTER_UNREACHABLE: 'the cluster does not answer',
  CLUSTER_START_FAILED: 'the cluster could not be started',
  CLUSTER_CONFLICT: 'something else has the place: another cluster of this user, or a program at its port',
  REDIS_MISSING: 'no Redis server is on this machine',
  REDIS_REFUSED: 'the Redis server cannot be used',
  UNAUTHORIZED: 'the token is missing or wrong',
  FORBIDDEN: 'the token does not allow this',
  JOB_UNKNOWN: 'there is no such job',
  JOB_ATTACHED: 'the results of the job go to the program that started it',
  RESULTS_EXPIRED: 'the results of the job are no longer kept',
  JOB_CONFLICT: 'the job exists already, with another function',
  JOB_CANCELLED: 'the job was cancelled',
  JOB_FAILED: 'the job cannot go on',
  FUNCTION_UNKNOWN: 'the cluster does not have this function yet',
  NO_CAPACITY: 'no node has what was asked for',
  IMAGE_REFUSED: 'the image cannot be had, or has no Node that fits',
  NOT_SUPPORTED: 'this cluster cannot do that',
  INPUT_LOST: 'three runners were lost while the input was running',
  INPUT_TIMEOUT: 'the call took longer than timeoutMs',
  INPUT_EXITED: 'the call ended its process',
  INPUT_OUT_OF_MEMORY: 'the call ran out of memory',
  INTERNAL: 'an invariant of Burla was broken',
} as const

export type ErrorCode = keyof typeof errorCodes

export class BurlaError extends Error {
  override name = 'BurlaError'
  readonly code: ErrorCode
  /** The input that the error is about, where it is about one. */
  declare inputIndex?: number

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; inputIndex?: number } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    if (options.inputIndex !== undefined) this.inputIndex = options.inputIndex
  }
}

/** The call took longer than `timeoutMs`. */
export class TimeoutError extends BurlaError {
  override name = 'TimeoutError'
}
/** The call ended its process: `process.exit()`, a signal, a crash in native code. */
export class ExitError extends BurlaError {
  override name = 'ExitError'
  declare exitCode?: number
  declare signal?: string
}
/** The call ran out of memory. */
export class OutOfMemoryError extends BurlaError {
  override name = 'OutOfMemoryError'
}
/** Three runners were lost while the input was running. */
export class InputLostError extends BurlaError {
  override name = 'InputLostError'
}
/** The job was cancelled, by `cancel()`, a signal, Ctrl-C or from outside. */
export class CancelledError extends BurlaError {
  override name = 'CancelledError'
}
