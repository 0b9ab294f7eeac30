/** A function in, shippable bytes out. */
import { createHash } from 'node:crypto'
import { types } from 'node:util'
import { BurlaError, encodeValue } from '@burla/protocol'

export interface CapturedFunction {
  /** sha256 of `bytes`, hex: the function's address */
  digest: string
  name: string
  bytes: Buffer
}

export function captureFunction(fn: unknown): CapturedFunction {
  if (typeof fn !== 'function') throw refusal(`burla.map needs a function, not ${fn === null ? 'null' : typeof fn}`)
  if (types.isGeneratorFunction(fn)) throw refusal(`${fn.name || 'fn'} is a generator function; return a value instead`)
  const text = Function.prototype.toString.call(fn)
  if (text.endsWith('{ [native code] }'))
    throw refusal(`${fn.name || 'fn'} is native or bound; wrap it: (input) => fn(input)`)
  if (/^class\b/.test(text)) throw refusal(`${fn.name} is a class; wrap it: (input) => new ${fn.name}(input)`)
  const bytes = encodeValue({ text, name: fn.name, base: process.cwd() })
  return { digest: createHash('sha256').update(bytes).digest('hex'), name: fn.name, bytes }
}

function refusal(message: string): BurlaError {
  return new BurlaError('FUNCTION_NOT_PORTABLE', message)
}
