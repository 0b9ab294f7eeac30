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

/** What a scan has met. */
interface Found {
  island: Island
  members: object[]
  holders: number[]
  known: ReadonlyMap<unknown, unknown>
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

  /**
   * All that is reachable from `root`, or undefined as soon as something there is not plain. Objects count as part of the
   * island from when they are met: one lookup for each tells those that are met twice, and a few hundred thousand take
   * as long as their properties do.
   */
  #scan(root: object): Island | undefined {
    const island: Island = { root, isJson: true }
    const members = [root]
    /** by member, the place of the one through which it was met */
    const holders = [-1]
    const found = { island, members, holders, known: intrinsics() }
    this.#islandOf.set(root, island)
    for (let at = 0; at < members.length; at++) {
      if (this.#addValues(members[at] as object, at, found)) continue
      this.#leave(members, holders, at)
      return undefined
    }
    return island
  }

  /** False as soon as a property is not plain. Properties are looked at, never read: getters do not run. */
  #addValues(object: object, at: number, { island, members, holders, known }: Found): boolean {
    const isArray = Array.isArray(object)
    if (!isArray && Object.getPrototypeOf(object) === null) island.isJson = false
    // two calls that V8 answers from the object's shape; `Reflect.ownKeys` takes four times as long
    if (Object.getOwnPropertySymbols(object).length > 0) return false
    const keys = Object.getOwnPropertyNames(object)
    // indexes come first: with this many and `length` behind them there is no hole, and nothing else
    if (isArray && (keys.pop() !== 'length' || keys.length !== object.length)) return false
    for (let place = 0; place < keys.length; place++) {
      const key = keys[place] as string
      const property = Object.getOwnPropertyDescriptor(object, isArray ? place : key) as PropertyDescriptor
      if (!property.writable || !property.enumerable || !property.configurable) return false
      if (key === 'toJSON' || key === '__proto__') island.isJson = false
      const value: unknown = property.value
      if (typeof value === 'string') continue
      if (typeof value !== 'object' || value === null) {
        if (isJsonPrimitive(value)) continue
        island.isJson = false
        if (!isPrimitive(value)) return false
        continue
      }
      const other = this.#islandOf.get(value)
      if (other) {
        other.isJson = false
        island.isJson = false
        continue
      }
      if (known.has(value) || !isPlain(value) || !this.#mayTravel(value)) return false
      this.#islandOf.set(value, island)
      members.push(value)
      holders.push(at)
    }
    return true
  }

  /** No island: those on the way to what is not plain are not either; the others are looked at again by themselves. */
  #leave(members: object[], holders: number[], last: number): void {
    for (const member of members) this.#islandOf.delete(member)
    for (let at = last; at >= 0; at = holders[at] ?? -1) this.#mixed.add(members[at] as object)
  }

  #mayTravel(value: object): boolean {
    return !(this.#mixed.size > 0 && this.#mixed.has(value)) && !(this.#byName.size > 0 && this.#byName.has(value))
  }
}

function isPlain(value: object): boolean {
  if (types.isProxy(value) || !Object.isExtensible(value)) return false
  const proto: unknown = Object.getPrototypeOf(value)
  if (Array.isArray(value)) return proto === Array.prototype
  if (proto === null) return !types.isModuleNamespaceObject(value)
  return proto === Object.prototype && !types.isArgumentsObject(value)
}

function isPrimitive(value: unknown): boolean {
  return typeof value !== 'function' && typeof value !== 'symbol'
}

function isJsonPrimitive(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0)
  return typeof value === 'string' || typeof value === 'boolean' || value === null
}
