/** Whose class an object is of: the language's that any process can copy, the program's, a package's, or Node's own. */
import { types } from 'node:util'
import type { Inspector } from '../inspect/inspector.ts'
import { inspectFunction, scriptOf } from '../inspect/scripts.ts'
import { findIntrinsic } from '../references/intrinsics.ts'
import { isForeign } from '../references/packages.ts'
import { isNative, type AnyFunction } from '../text/parse.ts'

export type Kin = 'portable' | 'local' | 'package' | 'node'

/** Prototypes of what can be copied property by property, given the right base. */
const portable = new Set<unknown>(
  [
    ...[Object, Array, Map, Set, Date, RegExp, ArrayBuffer, DataView, Function, URL, URLSearchParams],
    ...[
      Boolean,
      Number,
      String,
      BigInt,
      Symbol,
      WeakMap,
      WeakSet,
      Buffer,
      Object.getPrototypeOf(Uint8Array) as Function,
    ],
    ...[Error, AggregateError, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError],
    ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
    ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array],
  ].map((each) => each.prototype as unknown),
)

export class Lineage {
  readonly #inspector: Inspector
  readonly #known = new Map<object, Kin>()

  constructor(inspector: Inspector) {
    this.#inspector = inspector
  }

  /** The nearest class on the way up that is not to be copied, or undefined. */
  foreignClassOf(value: object): { kin: 'package' | 'node'; name: string } | undefined {
    for (const proto of prototypesOf(value)) {
      const kin = this.kinOf(proto)
      if (kin === 'package' || kin === 'node') return { kin, name: prototypeName(proto) }
    }
    return undefined
  }

  kinOf(proto: object): Kin {
    const known = this.#known.get(proto)
    if (known) return known
    const kin = this.#find(proto)
    this.#known.set(proto, kin)
    return kin
  }

  #find(proto: object): Kin {
    if (portable.has(proto)) return 'portable'
    if (findIntrinsic(proto)) return 'node'
    const constructor = constructorOf(proto)
    // prototypes of iterators and the like have native methods and no constructor
    if (!constructor) return Object.values(dataOf(proto)).some((each) => isNativeFunction(each)) ? 'node' : 'local'
    if (types.isProxy(constructor)) return 'local'
    if (findIntrinsic(constructor) || isNative(constructor)) return 'node'
    const { scriptId } = inspectFunction(this.#inspector, constructor)
    const url = scriptOf(this.#inspector, scriptId)?.url ?? ''
    return url.startsWith('node:') ? 'node' : isForeign(url) ? 'package' : 'local'
  }
}

/** The prototypes of an object, nearest first; up to a Proxy, whose traps are not called. */
export function* prototypesOf(value: object): Generator<object> {
  for (let at: unknown = value; ;) {
    if (types.isProxy(at)) return
    at = Object.getPrototypeOf(at)
    if (at === null) return
    yield at as object
  }
}

export function constructorOf(proto: object): AnyFunction | undefined {
  if (types.isProxy(proto)) return undefined
  const constructor: unknown = Object.getOwnPropertyDescriptor(proto, 'constructor')?.value
  return typeof constructor === 'function' ? (constructor as AnyFunction) : undefined
}

export function classNameOf(value: object): string {
  for (const proto of prototypesOf(value)) {
    const name = prototypeName(proto)
    if (name) return name
  }
  return 'native object'
}

export function prototypeName(proto: object): string {
  const name: unknown = Object.getOwnPropertyDescriptor(constructorOf(proto) ?? {}, 'name')?.value
  const tag: unknown = Object.getOwnPropertyDescriptor(proto, Symbol.toStringTag)?.value
  return typeof name === 'string' && name !== '' ? name : typeof tag === 'string' ? tag : ''
}

/** `a Socket`, `an Agent` */
export function withArticle(name: string): string {
  return `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}`
}

function dataOf(object: object): Record<string, unknown> {
  const properties = Object.entries(Object.getOwnPropertyDescriptors(object))
  return Object.fromEntries(properties.map(([key, { value }]) => [key, value as unknown]))
}

function isNativeFunction(value: unknown): boolean {
  return typeof value === 'function' && isNative(value as AnyFunction)
}
