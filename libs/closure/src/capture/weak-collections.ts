/** WeakMap and WeakSet: their entries travel as far as the keys travel anyway, as that is what a program can ask for. */
import type { Cell } from '../payload/payload.ts'
import type { Graph } from './graph.ts'
import { insideTrail, type Trail } from './refusals.ts'

/** As V8 tells it: one of a WeakSet has only a value. */
interface Entry {
  key?: object
  value: unknown
}

interface Collection {
  cells: Cell[]
  left: Entry[]
  isMap: boolean
  trail: Trail
}

export class WeakCollections {
  readonly #graph: Graph
  readonly #all: Collection[] = []

  constructor(graph: Graph) {
    this.#graph = graph
  }

  /** The list that is filled later, when it is known which keys travel. */
  entriesOf(collection: WeakMap<object, unknown> | WeakSet<object>, trail: Trail): Cell[] {
    const { inspector } = this.#graph
    const left = inspector.listOf(inspector.hiddenStateOf(collection).internal('[[Entries]]')) as Entry[]
    const cells: Cell[] = []
    this.#all.push({ cells, left, isMap: collection instanceof WeakMap, trail })
    return cells
  }

  addMet(): void {
    for (const collection of this.#all) {
      const { cells, isMap, trail } = collection
      const met = collection.left.filter((entry) => this.#graph.isMet(isMap ? entry.key : entry.value))
      collection.left = collection.left.filter((entry) => !met.includes(entry))
      for (const { key, value } of met) {
        if (isMap) cells.push(this.#graph.cellOf(key, insideTrail(trail, '[key]')))
        cells.push(this.#graph.cellOf(value, insideTrail(trail, '[value]')))
      }
    }
  }
}
