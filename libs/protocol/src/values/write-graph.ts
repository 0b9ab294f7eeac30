/**
 * A value as a table of nodes, see `format.ts`. Objects wait in a queue instead of on the stack, so that no depth is
 * too deep; each remembers where it was first met, for the path in an error.
 */
import { types } from 'node:util'
import { byteKind, bytesOf } from './bytes.ts'
import { classNames, errorParts, isError } from './error-parts.ts'
import { type Cell, constants, type Node } from './format.ts'
import { describeUnportable } from './portable.ts'

/** What to do about a value that cannot travel or be read: throw, or say what travels instead. */
export interface Policy {
  unportable(what: string, path: string, value: unknown): string
  unreadable(cause: unknown, path: string): string
}

export interface Graph {
  cell: Cell
  nodes: Node[]
  attachments: Uint8Array[]
}

interface Visit {
  object: object
  parent: Visit | undefined
  /** the way from the parent, as it stands in a path: `.name`, `[3]` */
  step: string
}

export function writeGraph(root: unknown, policy: Policy): Graph {
  const ids = new Map<object, number>()
  const visits: Visit[] = []
  const nodes: Node[] = []
  const attachments: Uint8Array[] = []

  const rootCell = cellOf(root, undefined, '')
  for (let id = 0; id < visits.length; id++) nodes.push(nodeOf(visits[id] as Visit))
  return { cell: rootCell, nodes, attachments }

  function cellOf(value: unknown, parent: Visit | undefined, step: string): Cell {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value
      case 'number':
        if (Number.isFinite(value) && !Object.is(value, -0)) return value
        return [-1 - constants.findIndex((constant) => Object.is(constant, value))]
      case 'undefined':
        return [-1]
      case 'bigint':
        return [String(value)]
      case 'object':
        return value === null ? null : objectCell(value, parent, step)
      default:
        return policy.unportable(describeUnportable(value) ?? `a ${typeof value}`, pathOf(parent) + step, value)
    }
  }

  function objectCell(object: object, parent: Visit | undefined, step: string): Cell {
    const known = ids.get(object)
    if (known !== undefined) return [known]
    if (types.isBoxedPrimitive(object)) return cellOf(object.valueOf(), parent, step)
    const refusal = describeUnportable(object)
    if (refusal) return policy.unportable(refusal, pathOf(parent) + step, object)
    const id = visits.push({ object, parent, step }) - 1
    ids.set(object, id)
    return [id]
  }

  function nodeOf(visit: Visit): Node {
    const { object } = visit
    if (Array.isArray(object)) return arrayNode(object, visit)
    if (types.isMap(object)) return ['map', mapCells(object, visit)]
    if (types.isSet(object))
      return ['set', Array.from(object, (value, index) => cellOf(value, visit, `.values()[${index}]`))]
    if (types.isDate(object)) return ['date', Number.isNaN(object.getTime()) ? null : object.getTime()]
    if (types.isRegExp(object)) return ['regexp', object.source, object.flags, object.lastIndex]
    if (object instanceof URL) return ['url', object.href]
    const kind = byteKind(object)
    if (kind >= 0) {
      const bytes = bytesOf(object)
      attachments.push(bytes)
      return ['bytes', kind, bytes.length]
    }
    if (isError(object)) {
      const { hidden, own } = errorParts(object)
      return ['error', classNames(object), cellsOf(object, hidden, visit), cellsOf(object, own, visit)]
    }
    const cells = cellsOf(object, Object.keys(object), visit)
    return Object.getPrototypeOf(object) === null ? ['nullproto', cells] : cells
  }

  function arrayNode(array: unknown[], visit: Visit): Node {
    const cells: Cell[] = []
    for (let index = 0; index < array.length; index++) {
      if (!(index in array)) {
        const indexes = Object.keys(array).filter((key) => String(Number(key) >>> 0) === key)
        return ['sparse', array.length, cellsOf(array, indexes, visit)]
      }
      cells.push(cellOf(read(array, index, visit), visit, `[${index}]`))
    }
    return ['array', cells]
  }

  function mapCells(map: Map<unknown, unknown>, visit: Visit): Cell[] {
    const cells: Cell[] = []
    for (const [key, value] of map) {
      const place = cells.length / 2
      const step = typeof key === 'string' ? `.get(${JSON.stringify(key)})` : `.values()[${place}]`
      cells.push(cellOf(key, visit, `.keys()[${place}]`), cellOf(value, visit, step))
    }
    return cells
  }

  function cellsOf(object: object, keys: string[], visit: Visit): { [key: string]: Cell } {
    const cells: { [key: string]: Cell } = keys.includes('__proto__') ? Object.create(null) : {}
    const isArray = Array.isArray(object)
    for (const key of keys) {
      cells[key] = cellOf(read(object, key, visit), visit, isArray ? `[${key}]` : stepOf(key))
    }
    return cells
  }

  function read(object: object, key: string | number, visit: Visit): unknown {
    try {
      return (object as Record<string | number, unknown>)[key]
    } catch (cause) {
      return policy.unreadable(cause, pathOf(visit) + stepOf(String(key)))
    }
  }
}

function stepOf(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
}

function pathOf(visit: Visit | undefined): string {
  const steps: string[] = []
  for (let at = visit; at; at = at.parent) steps.push(at.step)
  return steps.reverse().join('')
}
