/** A function in, shippable bytes out; what the function uses is read at this moment (P5). */
import { createHash } from 'node:crypto'
import { types } from 'node:util'
import { BurlaError } from '@burla/protocol'
import { buildPayload } from './build-payload.ts'
import type { AnyFunction } from './function-text.ts'
import { withInspector } from './inspect-function.ts'
import { encodeOrRefuse } from './refusals.ts'

export interface CapturedFunction {
  /** sha256 of `bytes`, hex: the function's address */
  digest: string
  name: string
  bytes: Buffer
}

export interface CaptureOptions {
  /**
   * Objects and functions that the other side has too: wherever they are captured, only their name travels, and
   * `restoreFunction` puts in what its `named` has under it.
   */
  byName?: ReadonlyMap<object, string>
}

/**
 * `fn` with all it closes over. A `BurlaError` `FUNCTION_NOT_PORTABLE` says which variable cannot travel, and why.
 */
export function captureFunction(fn: unknown, { byName = new Map() }: CaptureOptions = {}): CapturedFunction {
  const callable = checkedFunction(fn)
  const { payload, trails } = withInspector((inspect) => buildPayload(callable, inspect, byName))
  const bytes = encodeOrRefuse(payload, trails)
  return { digest: createHash('sha256').update(bytes).digest('hex'), name: callable.name, bytes }
}

function checkedFunction(fn: unknown): AnyFunction {
  if (typeof fn !== 'function') {
    throw refused(`a function is needed, not ${fn === null ? 'null' : `a value of type ${typeof fn}`}`)
  }
  const name = fn.name || 'fn'
  const text = Function.prototype.toString.call(fn)
  if (types.isGeneratorFunction(fn)) {
    throw refused(`${name} is a generator function: its calls give an iterator; give a function that returns a value`)
  }
  if (/^class\b/.test(text)) throw refused(`${name} is a class; give a function: (input) => new ${name}(input)`)
  if (/\{\s*\[native code\]\s*\}$/.test(text)) {
    const plain = name.replace(/^(bound )+/, '')
    throw refused(`${name} is native or bound and has no text that could travel; wrap it: (input) => ${plain}(input)`)
  }
  return fn as AnyFunction
}

function refused(message: string): BurlaError {
  return new BurlaError('FUNCTION_NOT_PORTABLE', message)
}
