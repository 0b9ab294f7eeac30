/** Objects that a copy of their data would not do justice. */
import { types } from 'node:util'
import type { AnyFunction } from './function-text.ts'

/** A namespace, or a plain object with functions among its own properties: `{ double(x) {...}, half(x) {...} }`. */
export function holdsFunctions(object: object): boolean {
  if (types.isModuleNamespaceObject(object)) return true
  const proto: unknown = Object.getPrototypeOf(object)
  if (proto !== Object.prototype && proto !== null) return false
  return Object.values(Object.getOwnPropertyDescriptors(object)).some(
    (property) => property.enumerable === true && (property.get !== undefined || typeof property.value === 'function'),
  )
}

/** The class of an instance, when it is written in JavaScript down to its base. */
export function localClassOf(object: object): AnyFunction | undefined {
  if (Array.isArray(object) || types.isNativeError(object) || types.isModuleNamespaceObject(object)) return undefined
  let found: AnyFunction | undefined
  for (let proto: unknown = Object.getPrototypeOf(object); proto; proto = Object.getPrototypeOf(proto)) {
    if (proto === Object.prototype) return found
    const { constructor } = proto as { constructor?: unknown }
    if (typeof constructor !== 'function' || !isClass(constructor as () => unknown)) return undefined
    found ??= constructor as AnyFunction
  }
  return undefined
}

function isClass(constructor: () => unknown): boolean {
  return Function.prototype.toString.call(constructor).startsWith('class')
}
