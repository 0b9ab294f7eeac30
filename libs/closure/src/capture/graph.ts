/**
 * The graph of all that a function uses. A value gets the number of its node when it is first met and is described
 * later, from a list of what is left to do: so cycles need nothing special, and depth costs no stack.
 */
import { types } from 'node:util'
import type { Inspector } from '../inspect/inspector.ts'
import { originOf } from '../origins.ts'
import type { Cell, Node } from '../payload/payload.ts'
import { findIntrinsic } from '../references/intrinsics.ts'
import { PackageReferences } from '../references/packages.ts'
import type { AnyFunction } from '../text/parse.ts'
import { Buffers } from './buffers.ts'
import { Declarations } from './declarations.ts'
import { Files } from './files.ts'
import { describeFunction } from './functions.ts'
import { Lineage } from './lineage.ts'
import { LocalModules } from './local-modules.ts'
import { describeObject } from './objects.ts'
import { PlainData, type Island } from './plain-data.ts'
import type { Trail } from './refusals.ts'
import { Variables } from './variables.ts'
import { WeakCollections } from './weak-collections.ts'

export class Graph {
  readonly inspector: Inspector
  readonly files = new Files()
  readonly modules = new LocalModules(this.files)
  readonly buffers = new Buffers()
  readonly variables: Variables
  readonly plainData: PlainData
  readonly packages: PackageReferences
  readonly declarations: Declarations
  readonly lineage: Lineage
  readonly weak: WeakCollections
  readonly nodes: (Node | undefined)[] = []
  readonly data: unknown[] = []
  /** by node, for messages and sizes */
  readonly trails: Trail[] = []
  readonly #byName: ReadonlyMap<object, string>
  readonly #known = new Map<unknown, number>()
  readonly #todo: (() => void)[] = []
  /** the object in which a method was met */
  readonly #holders = new Map<unknown, object>()
  readonly #islands: [node: number, Island][] = []

  constructor(inspector: Inspector, byName: ReadonlyMap<object, string>) {
    this.inspector = inspector
    this.#byName = byName
    this.plainData = new PlainData(byName)
    this.variables = new Variables(this)
    this.packages = new PackageReferences(inspector)
    this.declarations = new Declarations(this)
    this.lineage = new Lineage(inspector)
    this.weak = new WeakCollections(this)
  }

  /** What stands for a value in the payload. */
  cellOf(value: unknown, trail: Trail): Cell {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value
      case 'undefined':
        return ['undefined']
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0) ? value : [Object.is(value, -0) ? '-0' : String(value)]
      case 'bigint':
        return ['bigint', String(value)]
      default:
        return value === null ? null : [this.#known.get(value) ?? this.#meet(value, trail)]
    }
  }

  /** A node of its own, for what is no value of the program. */
  addNode(node: Node, trail: Trail): [number] {
    this.trails.push(trail)
    return [this.nodes.push(node) - 1]
  }

  /** Whether it travels anyway, so that a weak collection may hold it. */
  isMet(value: unknown): boolean {
    return this.#known.has(value) || this.plainData.has(value as object)
  }

  isNamed(value: object): boolean {
    return this.#byName.has(value)
  }

  /** Every object and function that the function reaches, but for plain data. */
  reached(): Iterable<unknown> {
    return this.#known.keys()
  }

  noteHolder(value: unknown, holder: object): void {
    if (typeof value === 'function' && !this.#holders.has(value)) this.#holders.set(value, holder)
  }

  holderOf(fn: AnyFunction): object | undefined {
    return this.#holders.get(fn)
  }

  /** The object itself, or what a Proxy stands for; its traps are not called. */
  behindProxy(object: object): object {
    if (!types.isProxy(object)) return object
    const target = this.inspector.hiddenStateOf(object).internal('[[Target]]')
    return this.inspector.take([target ?? {}])[0] as object
  }

  /** Describes all that was met, then decides what only the whole graph can tell. */
  settle(): void {
    do {
      // those nearest to the function first: they make the shorter messages
      for (let at = 0; at < this.#todo.length; at++) this.#todo[at]?.()
      this.#todo.length = 0
      this.weak.addMet()
    } while (this.#todo.length > 0)
    this.variables.settle()
    this.#settleIslands()
  }

  /** Which islands are met from several sides, and so keep their identity. */
  #settleIslands(): void {
    for (const [node, { root, isJson }] of this.#islands) {
      this.nodes[node] = isJson ? { kind: 'json', value: root } : { kind: 'data', at: this.data.push(root) - 1 }
    }
  }

  /** The pieces of memory to ship, in the order in which the nodes count them. */
  settleMemory(): Uint8Array[] {
    const pieces = this.buffers.settle(
      (node) => this.addNode(node, this.trails[0] as Trail),
      (buffer) => [this.#known.get(buffer) as number],
    )
    return pieces
  }

  describedNodes(): Node[] {
    return this.nodes as Node[]
  }

  #meet(value: unknown, trail: Trail): number {
    const id = this.nodes.push(undefined) - 1
    this.trails.push(trail)
    this.#known.set(value, id)
    this.#todo.push(() => {
      this.nodes[id] = this.#describe(value, trail, id)
    })
    return id
  }

  #describe(value: unknown, trail: Trail, id: number): Node | undefined {
    const name = this.#byName.get(value as object)
    if (name !== undefined) return { kind: 'named', name }
    const same = findIntrinsic(value) ?? this.#standardStream(value)
    if (same) return same
    const origin = originOf(value)
    if (origin) return this.files.placeOrigin(origin)
    if (typeof value === 'symbol') return describeSymbol(value)
    if (typeof value === 'function') return describeFunction(this, value as AnyFunction, trail)
    const island = this.plainData.islandWith(value as object)
    if (!island) return describeObject(this, value as object, trail)
    this.#islands.push([id, island])
    return undefined
  }

  /** Only asked for streams, because the getters of `process` open them. */
  #standardStream(value: unknown): Node | undefined {
    if (typeof value !== 'object' || types.isProxy(value) || !Object.hasOwn(value as object, 'fd')) return undefined
    const name = (['stdout', 'stderr', 'stdin'] as const).find((each) => process[each] === value)
    return name && { kind: 'global', path: ['process', name] }
  }
}

function describeSymbol(symbol: symbol): Node {
  const key = Symbol.keyFor(symbol)
  if (key !== undefined) return { kind: 'symbol', description: key, registered: true }
  return symbol.description === undefined ? { kind: 'symbol' } : { kind: 'symbol', description: symbol.description }
}
