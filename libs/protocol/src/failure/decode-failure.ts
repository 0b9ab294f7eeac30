/** What was thrown on a node, as it is thrown here. */
import { decodeValue, type DecodeOptions } from '../values/decode.ts'
import { isError } from '../values/error-parts.ts'

export interface DecodeFailureOptions extends DecodeOptions {
  /** set on the error, if an error was thrown */
  inputIndex?: number
}

/**
 * The error, of the same class where that is built in, Burla's or one of `classes`; else of a class with the same
 * name, made on its nearest known ancestor. What was thrown and is no error arrives as the same value.
 */
export function decodeFailure(bytes: Buffer, { inputIndex, ...options }: DecodeFailureOptions = {}): unknown {
  const thrown = decodeValue(bytes, options)
  if (inputIndex !== undefined && isError(thrown)) Object.assign(thrown, { inputIndex })
  return thrown
}

/** Adds the frames of `localStack` below the remote ones, so that a reader sees which call of his program it was. */
export function withCallSite(thrown: unknown, localStack: string): unknown {
  if (!isError(thrown)) return thrown
  const frames = localStack.split('\n').filter((line) => /^\s+at /.test(line))
  const stack = [thrown.stack ?? String(thrown), '    --- called from ---', ...frames].join('\n')
  Object.defineProperty(thrown, 'stack', { value: stack, enumerable: false, writable: true, configurable: true })
  return thrown
}
