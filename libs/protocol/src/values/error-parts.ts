/** What of an error travels, and how an error of a class that may not exist here is made again. */
import { types } from 'node:util'
import { BurlaError, CancelledError, ExitError, InputLostError, OutOfMemoryError, TimeoutError } from '../errors.ts'

export type ErrorClass = new (...args: never[]) => Error

const builtinErrors = [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError, AggregateError]
const ourErrors = [BurlaError, TimeoutError, ExitError, OutOfMemoryError, InputLostError, CancelledError]

/** By the names of the class and its ancestors: a program may well have a `TimeoutError` of its own. */
const knownClasses = errorClassesByNames([...builtinErrors, DOMException, ...ourErrors] as unknown as ErrorClass[])

/** Classes made for names that are not known here; kept, so that two errors of one class share it. */
const madeClasses = new Map<string, ErrorClass>()
const madeClassesLimit = 1_000

/** Classes by their own name and those of their ancestors; of several with the same names the first. */
export function errorClassesByNames(classes: Iterable<ErrorClass>): Map<string, ErrorClass> {
  const byNames = new Map<string, ErrorClass>()
  for (const each of classes) {
    const names = classNames(Object.create(each.prototype as object) as Error).join(' ')
    if (!byNames.has(names)) byNames.set(names, each)
  }
  return byNames
}

export function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error
}

/** The names of an error's class and its ancestors, nearest first. */
export function classNames(error: Error): string[] {
  const names: string[] = []
  for (let proto: unknown = Object.getPrototypeOf(error); proto; proto = Object.getPrototypeOf(proto)) {
    if (proto === Object.prototype) break
    const name = nameOfClass(proto)
    if (name !== names.at(-1)) names.push(name)
  }
  return names
}

/** Own, but not enumerable: of every error, of an AggregateError, of a SuppressedError. */
const hiddenKeys = ['cause', 'name', 'errors', 'error', 'suppressed']

/** Keys that are read although they are not enumerable, and the error's own enumerable ones. */
export function errorParts(error: Error): { hidden: string[]; own: string[] } {
  const own = Object.keys(error).filter((key) => key !== 'stack')
  const hidden = ['stack']
  if (!own.includes('message')) hidden.push('message')
  for (const key of hiddenKeys) if (Object.hasOwn(error, key) && !own.includes(key)) hidden.push(key)
  // its name is a getter of the prototype, its data is out of reach
  if (error instanceof DOMException) hidden.push('name')
  return { hidden, own }
}

/** An error without properties whose class has the first of `names`, and is really that class where it is known. */
export function makeError(names: string[], classes: ReadonlyMap<string, ErrorClass> | undefined): Error {
  const error = new Error()
  // its own is of no use; on Node 20, replacing it later would read the `message` of a class, which may be a getter
  Object.defineProperty(error, 'stack', { value: '', writable: true, configurable: true })
  Object.setPrototypeOf(error, classFor(names, classes).prototype as object)
  return error
}

function classFor(names: string[], classes: ReadonlyMap<string, ErrorClass> | undefined): ErrorClass {
  const [name, ...ancestors] = names
  if (name === undefined) return Error
  const chain = names.join(' ')
  const known = knownClasses.get(chain) ?? classes?.get(chain)
  if (known) return known
  const parent = classFor(ancestors, classes)
  const made = madeClasses.get(chain)
  if (made && Object.getPrototypeOf(made) === parent) return made
  const Made = { [name]: class extends (parent as typeof Error) {} }[name] as ErrorClass
  if (madeClasses.size < madeClassesLimit) madeClasses.set(chain, Made)
  return Made
}

function nameOfClass(proto: unknown): string {
  try {
    const { constructor } = proto as { constructor: unknown }
    return typeof constructor === 'function' && typeof constructor.name === 'string' && constructor.name
      ? constructor.name
      : 'Error'
  } catch {
    // a getter that throws names no class
    return 'Error'
  }
}
