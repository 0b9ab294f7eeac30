/**
 * Namespaces of local modules, `import * as lib`: only the members that are used travel, because a module may hold things
 * that cannot.
 */
import { types } from 'node:util'
import type { Script } from '../inspect/scripts.ts'
import type { Cell, ObjectNode, Property } from '../payload/payload.ts'
import type { Graph } from './graph.ts'
import { addProperty } from './properties.ts'
import type { Trail } from './refusals.ts'

interface Known {
  cell: Cell
  node: ObjectNode
  members: Set<string>
  /** the file and name by which it is imported, where that is known */
  importer: { script: Script; name: string } | undefined
}

export class Namespaces {
  readonly #graph: Graph
  readonly #known = new Map<object, Known>()

  constructor(graph: Graph) {
    this.#graph = graph
  }

  /** `null`: all members */
  cellOf(namespace: object, members: Iterable<string> | null, trail: Trail, importer?: Known['importer']): Cell {
    let known = this.#known.get(namespace)
    if (!known) {
      const node: ObjectNode = { kind: 'object', proto: null, own: [] }
      known = { cell: this.#graph.addNode(node, trail), node, members: new Set(), importer }
      this.#known.set(namespace, known)
    }
    const { node, members: present } = known
    for (const member of members ?? Reflect.ownKeys(namespace)) {
      if (typeof member !== 'string' || present.has(member) || !Object.hasOwn(namespace, member)) continue
      present.add(member)
      addProperty(this.#graph, node.own, namespace, member, trail)
    }
    return known.cell
  }

  /** The properties for which `isMeant` says yes; what they show is to follow the variable. */
  liveMembers(isMeant: (script: Script, name: string, member: string) => boolean): Property[] {
    return [...this.#known.values()].flatMap(({ node, importer }) =>
      importer ? node.own.filter(([key]) => isMeant(importer.script, importer.name, String(key))) : [],
    )
  }
}

/** A module namespace, or what a tool makes of it: an object of getters. */
export function isNamespace(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || types.isProxy(value)) return false
  if (types.isModuleNamespaceObject(value)) return true
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return false
  const keys = Reflect.ownKeys(value)
  return keys.length > 0 && keys.every((key) => isGetter(value, key))
}

function isGetter(object: object, key: string | symbol): boolean {
  const property = Object.getOwnPropertyDescriptor(object, key)
  // vitest marks its namespaces with a symbol, esbuild with a name
  return property?.get !== undefined || key === Symbol.toStringTag || key === '__esModule'
}
