/**
 * The graph of a payload, made again. A node is made when it is first asked for and filled later, so that nodes may refer
 * to each other in circles. Making one may need others: the prototype of an object, the superclass of a class, the
 * `this` of an arrow; and a declaration that runs again needs all that it uses to be filled.
 */
import { strict as assert } from 'node:assert'
import { BurlaError } from '@burla/protocol'
import type { Cell, FunctionNode, Node, Payload } from '../payload/payload.ts'
import { evaluate, runInClass, type ClassHook, type Evaluated } from './evaluate.ts'
import { builtinAt, globalAt, importerFor, metaOf, requireOf } from './imports.ts'
import { defineProperties, fillObject, makeObject, type Values } from './objects.ts'
import { viewOn } from './views.ts'

export interface Linked {
  payload: Payload
  data: unknown[]
  memory: Buffer
  /** values of the import nodes */
  imports: Map<number, unknown>
  named: ReadonlyMap<string, unknown>
}

type State = { step: 'making' } | { step: 'made'; value: unknown }

export class Linker implements Values {
  readonly #source: Linked
  readonly #states = new Map<number, State>()
  readonly #evaluated = new Map<unknown, Evaluated & { isBase: boolean }>()
  #unfilled: number[] = []

  constructor(source: Linked) {
    this.#source = source
  }

  /** The value of the payload's root, complete. */
  async link(): Promise<unknown> {
    const { nodes, root, globals } = this.#source.payload
    const awaiting = nodes.flatMap((node, id) => (node.kind === 'declaration' && node.isAsync ? [id] : []))
    for (const id of awaiting) this.#states.set(id, { step: 'making' })
    for (const id of awaiting.toReversed()) {
      const value: unknown = await this.#runDeclaration(nodes[id] as Extract<Node, { kind: 'declaration' }>)
      this.#states.set(id, { step: 'made', value })
    }
    for (const [name, cell] of Object.entries(globals)) {
      Object.defineProperty(globalThis, name, {
        value: this.of(cell),
        writable: true,
        enumerable: true,
        configurable: true,
      })
    }
    const value = this.of(root)
    this.#fillAll()
    assert(this.#unfilled.length === 0, 'every node of a function is filled')
    return value
  }

  of(cell: Cell): unknown {
    if (!Array.isArray(cell)) return cell
    const [first, digits] = cell as [number | string, string?]
    return typeof first === 'number' ? this.#nodeValue(first) : constantOf(first, digits)
  }

  hookOf(fn: unknown): { hook: ClassHook; isBase: boolean } {
    const evaluated = this.#evaluated.get(fn)
    assert(evaluated, 'a class with private names was evaluated here')
    return { hook: evaluated.hook(), isBase: evaluated.isBase }
  }

  #nodeValue(id: number): unknown {
    const state = this.#states.get(id)
    if (state?.step === 'made') return state.value
    if (state) throw new NotYetMade()
    this.#states.set(id, { step: 'making' })
    const node = this.#source.payload.nodes[id] as Node
    try {
      const value = this.#make(node, id)
      this.#states.set(id, { step: 'made', value })
      if (isFilledLater(node)) this.#unfilled.push(id)
      return value
    } catch (error) {
      if (error instanceof NotYetMade) this.#states.delete(id)
      throw error
    }
  }

  #make(node: Node, id: number): unknown {
    const { payload, data, memory, imports, named } = this.#source
    const file = 'file' in node ? (payload.files[node.file] ?? '') : ''
    switch (node.kind) {
      case 'function':
        return this.#makeFunction(node)
      case 'object':
        return makeObject(node, this)
      case 'bound': {
        const values = node.arguments.map((cell) => this.of(cell))
        return (this.of(node.target) as () => unknown).bind(this.of(node.this), ...(values as []))
      }
      case 'proxy':
        return new Proxy(this.of(node.target) as object, this.of(node.handler) as object)
      case 'symbol':
        return node.registered ? Symbol.for(node.description ?? '') : Symbol(node.description)
      case 'buffer': {
        const start = memory.byteOffset + node.at
        return memory.buffer.slice(start, start + node.length)
      }
      case 'view':
        return viewOn(this.of(node.buffer) as ArrayBuffer, node)
      case 'box':
        return node.value === undefined ? undeclared() : { v: undefined }
      case 'prototype':
        return (this.of(node.of) as { prototype: unknown }).prototype
      case 'json':
        return node.value
      case 'data':
        return data[node.at]
      case 'global':
        return globalAt(node.path)
      case 'builtin':
        return builtinAt(node.id, node.path)
      case 'import':
        return imports.get(id)
      case 'named':
        if (named.has(node.name)) return named.get(node.name)
        throw new BurlaError('INTERNAL', `the function refers to \`${node.name}\`, which nobody has given here`)
      case 'meta':
        return metaOf(file)
      case 'importer':
        return importerFor(file)
      case 'require':
        return requireOf(file)
      case 'declaration':
        return this.#runDeclaration(node)
      case 'member':
        return node.path.reduce<unknown>((owner, key) => (owner as Record<string, unknown>)[key], this.of(node.of))
    }
  }

  #makeFunction(node: FunctionNode): unknown {
    const superclass = node.superclass
    const variables = [...Object.keys(node.variables), ...(superclass ? [superclass.name] : [])]
    const runner = node.inClass === undefined ? undefined : runInClass(this.hookOf(this.of(node.inClass)).hook)
    const around = {
      variables,
      unset: node.unset,
      hasSuper: node.superOf !== undefined,
      ...(node.hook && { hook: node.hook }),
    }
    const evaluated = evaluate(node.code, this.#source.payload.files[node.code.file] || '[function]', around, runner)
    if (superclass || node.early) evaluated.setVariables(this.#earlyVariables(node))
    const fn = evaluated.create({
      this: node.this === undefined ? undefined : this.of(node.this),
      arguments: node.arguments === undefined ? [] : Array.from(this.of(node.arguments) as ArrayLike<unknown>),
      superOf: node.superOf === undefined ? undefined : (this.of(node.superOf) as object | null),
    }) as { name: unknown }
    if (fn.name !== node.name) Object.defineProperty(fn, 'name', { value: node.name, configurable: true })
    this.#evaluated.set(fn, { ...evaluated, isBase: superclass === undefined })
    return fn
  }

  #earlyVariables({ superclass, early, variables }: FunctionNode): Record<string, unknown> {
    const values = (early ?? []).flatMap((name) => {
      const cell = variables[name]
      return cell === undefined ? [] : [[name, this.of(cell)] as const]
    })
    return { ...Object.fromEntries(values), ...(superclass && { [superclass.name]: this.of(superclass.value) }) }
  }

  #runDeclaration({ code, variables, unset, isAsync }: Extract<Node, { kind: 'declaration' }>): unknown {
    const text = isAsync ? `async () => (${code.text})` : code.text
    const file = this.#source.payload.files[code.file] || '[function]'
    const evaluated = evaluate({ ...code, text }, file, { variables: Object.keys(variables), unset })
    evaluated.setVariables(this.#valuesOf(variables))
    this.#fillAll()
    const made = evaluated.create({ this: undefined, arguments: [], superOf: undefined })
    return isAsync ? (made as () => unknown)() : made
  }

  /** What cannot be filled yet, because it refers to a node that is just being made, is left for the next time. */
  #fillAll(): void {
    const left: number[] = []
    for (let id = this.#unfilled.pop(); id !== undefined; id = this.#unfilled.pop()) {
      try {
        this.#fill(this.#source.payload.nodes[id] as Node, (this.#states.get(id) as { value: unknown }).value)
      } catch (error) {
        if (!(error instanceof NotYetMade)) throw error
        left.push(id)
      }
    }
    this.#unfilled = left
  }

  #fill(node: Node, value: unknown): void {
    if (node.kind === 'object') fillObject(value as object, node, this)
    else if (node.kind === 'box') (value as { v: unknown }).v = this.of(node.value as Cell)
    else if (node.kind === 'function') this.#fillFunction(value as object, node)
    else if (node.kind === 'bound') defineProperties(value as object, node.own ?? [], this)
  }

  #fillFunction(fn: object, node: FunctionNode): void {
    const evaluated = this.#evaluated.get(fn) as Evaluated
    const superclass = node.superclass && { [node.superclass.name]: this.of(node.superclass.value) }
    evaluated.setVariables({ ...this.#valuesOf(node.variables), ...superclass })
    if (node.proto !== undefined) Object.setPrototypeOf(fn, this.of(node.proto) as object)
    for (const [name, cell] of Object.entries(node.statics ?? {})) evaluated.hook().set(fn, name, this.of(cell))
    defineProperties(fn, node.own ?? [], this)
    if (!node.prototype) return
    const { prototype } = fn as { prototype: object }
    if (node.prototype.proto !== undefined) Object.setPrototypeOf(prototype, this.of(node.prototype.proto) as object)
    defineProperties(prototype, node.prototype.own, this)
  }

  #valuesOf(cells: Record<string, Cell>): Record<string, unknown> {
    return Object.fromEntries(Object.entries(cells).map(([name, cell]) => [name, this.of(cell)]))
  }
}

/** A node is asked for while it is being made; whoever asks tries again later. */
class NotYetMade extends Error {}

function isFilledLater(node: Node): boolean {
  if (node.kind === 'box') return node.value !== undefined
  return node.kind === 'function' || node.kind === 'object' || node.kind === 'bound'
}

/** A shared variable whose declaration has not run: it may still be assigned. */
function undeclared(): object {
  return Object.defineProperty({}, 'v', {
    get: () => {
      throw new ReferenceError('Cannot access a variable before initialization')
    },
    set(this: object, value: unknown) {
      Object.defineProperty(this, 'v', { value, writable: true })
    },
    configurable: true,
  })
}

function constantOf(name: string, digits: string | undefined): unknown {
  switch (name) {
    case 'undefined':
      return undefined
    case 'bigint':
      return BigInt(digits ?? '0')
    default:
      return Number(name)
  }
}
