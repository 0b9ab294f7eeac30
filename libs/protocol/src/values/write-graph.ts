/**
 * A value as a table of nodes, see `format.ts`. Objects wait in a queue instead of on the stack, so that no depth is
 * too deep; each remembers where it was first met, for the path in an error.
 */
import { types } from 'node:util'
import { byteKind, bytesOf } from './bytes.ts'
import { classNames, errorParts, isError } from './error-parts.ts'
import { type Cell, constants, type Node } from './format.ts'
import { describeUnportable } from './portable.ts'
import { type BytesNode, shareBuffers } from './shared-buffers.ts'

/** What to do about a value that cannot travel or be read: throw, or say what travels instead. */
export interface Policy {
  unportable(what: string, path: string, value: unknown): string
  unreadable(cause: unknown, path: string): string
  /** what travels of the stack of an error, at any depth; all of it where nothing is said */
  stack?: (stack: string) => string
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
  const bytesNodes: BytesNode[] = []
  /** errors of the policy: what else is thrown comes from the value */
  const told = new Set<unknown>()

  const rootCell = cellOf(root, undefined, '')
  for (let id = 0; id < visits.length; id++) nodes.push(readNode(visits[id] as Visit, id))
  return { cell: rootCell, nodes, attachments: shareBuffers(nodes, bytesNodes) }

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
        return unportable(describeUnportable(value) ?? `a ${typeof value}`, pathOf(parent) + step, value)
    }
  }

  function unportable(what: string, path: string, value: unknown): string {
    return telling(() => policy.unportable(what, path, value))
  }

  function unreadable(cause: unknown, path: string): string {
    return telling(() => policy.unreadable(cause, path))
  }

  function telling(tell: () => string): string {
    try {
      return tell()
    } catch (error) {
      told.add(error)
      throw error
    }
  }

  function objectCell(object: object, parent: Visit | undefined, step: string): Cell {
    const known = ids.get(object)
    if (known !== undefined) return [known]
    let refusal: string | undefined
    try {
      refusal = describeUnportable(object)
    } catch (cause) {
      return unreadable(cause, pathOf(parent) + step)
    }
    if (refusal) return unportable(refusal, pathOf(parent) + step, object)
    const id = visits.push({ object, parent, step }) - 1
    ids.set(object, id)
    return [id]
  }

  /** A getter, a trap of a proxy, a buffer that was transferred away: whatever throws while it is read is named. */
  function readNode(visit: Visit, id: number): Node {
    try {
      return nodeOf(visit, id)
    } catch (error) {
      if (!told.has(error)) unreadable(error, pathOf(visit))
      throw error
    }
  }

  function nodeOf(visit: Visit, id: number): Node {
    const { object } = visit
    // A subclass or the object itself may have methods of the same names: only those of the built-in class count.
    if (Array.isArray(object)) return arrayNode(object, visit)
    if (types.isMap(object)) return ['map', mapCells(object, visit)]
    if (types.isSet(object)) return ['set', setCells(object, visit)]
    if (types.isDate(object)) return dateNode(object)
    if (types.isRegExp(object)) return ['regexp', object.source, object.flags, object.lastIndex]
    if (object instanceof URL) return ['url', object.href]
    if (object instanceof URLSearchParams) return ['params', String(object)]
    if (types.isBoxedPrimitive(object)) return ['boxed', cellOf(unboxed(object), visit, '.valueOf()')]
    const kind = byteKind(object)
    if (kind >= 0) {
      bytesNodes.push({ id, kind, bytes: bytesOf(object) })
      return ['bytes', kind, (object as ArrayBuffer).byteLength]
    }
    if (isError(object)) {
      const { hidden, own } = errorParts(object)
      const cells = cellsOf(object, hidden, visit)
      if (policy.stack && typeof cells['stack'] === 'string') cells['stack'] = policy.stack(cells['stack'])
      return ['error', classNames(object), cells, cellsOf(object, own, visit)]
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
    Map.prototype.forEach.call(map, (value, key) => {
      const place = cells.length / 2
      const step = typeof key === 'string' ? `.get(${JSON.stringify(key)})` : `.values()[${place}]`
      cells.push(cellOf(key, visit, `.keys()[${place}]`), cellOf(value, visit, step))
    })
    return cells
  }

  function setCells(set: Set<unknown>, visit: Visit): Cell[] {
    const cells: Cell[] = []
    Set.prototype.forEach.call(set, (value) => cells.push(cellOf(value, visit, `.values()[${cells.length}]`)))
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
      return unreadable(cause, pathOf(visit) + stepOf(String(key)))
    }
  }
}

function dateNode(date: Date): Node {
  const time = Date.prototype.getTime.call(date)
  return ['date', Number.isNaN(time) ? null : time]
}

function unboxed(object: object): unknown {
  if (types.isNumberObject(object)) return Number.prototype.valueOf.call(object)
  if (types.isStringObject(object)) return String.prototype.valueOf.call(object)
  if (types.isBooleanObject(object)) return Boolean.prototype.valueOf.call(object)
  return types.isBigIntObject(object) ? BigInt.prototype.valueOf.call(object) : Symbol.prototype.valueOf.call(object)
}

function stepOf(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
}

function pathOf(visit: Visit | undefined): string {
  const steps: string[] = []
  for (let at = visit; at; at = at.parent) steps.push(at.step)
  return steps.reverse().join('')
}
