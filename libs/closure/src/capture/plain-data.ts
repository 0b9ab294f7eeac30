/**
 * Plain data: objects and arrays, as literals make them, down to the last one. It needs no nodes and is encoded as a
 * whole, which is what makes large captures quick.
 *
 * An island of plain data that is a tree and that JSON keeps as it is goes as JSON. As soon as an object of it is met
 * from elsewhere too, or JSON would change a value, the island goes into the data part, which keeps identity over all
 * its islands.
 */
import { types } from 'node:util'
import { intrinsics } from '../references/intrinsics.ts'

export interface Island {
  root: object
  isJson: boolean
}

export class PlainData {
  readonly #islandOf = new Map<object, Island>()
  readonly #byName: ReadonlyMap<object, string>
  /** objects that lead to something that is not plain */
  readonly #mixed = new Set<object>()

  constructor(byName: ReadonlyMap<object, string>) {
    this.#byName = byName
  }

  has(object: object): boolean {
    return this.#islandOf.has(object)
  }

  /** The island with this object, or undefined when it is not plain all the way down. */
  islandWith(root: object): Island | undefined {
    const known = this.#islandOf.get(root)
    if (known) {
      if (known.root === root) return known
      // met from two sides: its identity matters
      known.isJson = false
      return { root, isJson: false }
    }
    if (this.#mixed.has(root) || !isPlain(root)) return undefined
    return this.#scan(root)
  }

  #scan(root: object): Island | undefined {
    const islandOf = this.#islandOf
    const island: Island = { root, isJson: true }
    /** each object and the one through which it was found */
    const found = new Map<object, object | undefined>([[root, undefined]])
    const todo: object[] = [root]
    let holder = root
    const visit = (value: unknown): boolean => {
      if (typeof value === 'object' && value !== null) return visitObject(value)
      if (isJsonPrimitive(value)) return true
      island.isJson = false
      return isPrimitive(value)
    }
    const visitObject = (value: object): boolean => {
      if (found.has(value)) {
        island.isJson = false
        return true
      }
      const other = islandOf.get(value)
      if (other) {
        other.isJson = false
        island.isJson = false
        return true
      }
      if (this.#mixed.has(value) || !this.#mayTravel(value)) return false
      found.set(value, holder)
      todo.push(value)
      return true
    }
    for (let object = todo.pop(); object; object = todo.pop()) {
      holder = object
      if (eachValue(object, visit, island)) continue
      // nor are those on the way to it; the others are looked at again by themselves
      for (let at: object | undefined = object; at; at = found.get(at)) this.#mixed.add(at)
      return undefined
    }
    for (const object of found.keys()) islandOf.set(object, island)
    return island
  }

  #mayTravel(value: object): boolean {
    return isPlain(value) && !intrinsics().has(value) && !this.#byName.has(value)
  }
}

function isPlain(value: object): boolean {
  if (types.isProxy(value) || !Object.isExtensible(value)) return false
  const proto: unknown = Object.getPrototypeOf(value)
  if (Array.isArray(value)) return proto === Array.prototype
  if (proto === null) return !types.isModuleNamespaceObject(value)
  return proto === Object.prototype && !types.isArgumentsObject(value)
}

/** False as soon as a property is not plain. Properties are looked at, never read: getters do not run. */
function eachValue(object: object, visit: (value: unknown) => boolean, island: Island): boolean {
  const isArray = Array.isArray(object)
  if (!isArray && Object.getPrototypeOf(object) === null) island.isJson = false
  let seen = 0
  for (const key of Reflect.ownKeys(object)) {
    const property = Object.getOwnPropertyDescriptor(object, key) as PropertyDescriptor
    if (isArray && key === 'length') continue
    if (typeof key === 'symbol' || !property.writable || !property.enumerable || !property.configurable) return false
    if (key === 'toJSON' || key === '__proto__') island.isJson = false
    if (isArray && key !== String(seen)) return false
    seen++
    if (!visit(property.value)) return false
  }
  return !isArray || seen === object.length
}

function isPrimitive(value: unknown): boolean {
  return typeof value !== 'function' && typeof value !== 'symbol'
}

function isJsonPrimitive(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0)
  return typeof value === 'string' || typeof value === 'boolean' || value === null
}
