/** Bytes of `encodeValue` in, the value out: first every node as an empty shell, then each is filled. */
import { BurlaError } from '../errors.ts'
import { restoreBytes } from './bytes.ts'
import { type ErrorClass, makeError } from './error-parts.ts'
import { bytesHeaderBytes, type Cell, constants, form, graphHeaderBytes, type Node } from './format.ts'

/** The value; `BurlaError` `CODEC_UNKNOWN` when the bytes were written by a version with another format. */
export function decodeValue(bytes: Buffer, classes?: ReadonlyMap<string, ErrorClass>): unknown {
  switch (bytes[0]) {
    case form.json:
      return JSON.parse(bytes.toString('utf8', 1))
    case form.graph:
      return decodeGraph(bytes, classes)
    case form.bytes:
      return restoreBytes(bytes[1] as number, bytes.subarray(bytesHeaderBytes))
    default:
      throw new BurlaError(
        'CODEC_UNKNOWN',
        `a value has the format ${bytes[0] ?? '(empty)'}, which this version of Burla does not know; use the same version of burla in the program and on the cluster`,
      )
  }
}

function decodeGraph(bytes: Buffer, classes: ReadonlyMap<string, ErrorClass> | undefined): unknown {
  let offset = graphHeaderBytes + bytes.readUInt32LE(1)
  const [root, nodes] = JSON.parse(bytes.toString('utf8', graphHeaderBytes, offset)) as [Cell, Node[]]

  const takeAttachment = (length: number) => {
    offset += length
    return bytes.subarray(offset - length, offset)
  }
  const shells = nodes.map((node) => shellOf(node, takeAttachment, classes))
  const valueOf = (cell: Cell): unknown => {
    if (!Array.isArray(cell)) return cell
    const [id] = cell
    if (typeof id === 'string') return BigInt(id)
    return id < 0 ? constants[-1 - id] : shells[id]
  }
  nodes.forEach((node, id) => fill(shells[id] as object, node, valueOf))
  return valueOf(root)
}

/** JSON's own arrays and objects serve as shells: they hold cells until they are filled. */
function shellOf(
  node: Node,
  takeAttachment: (length: number) => Buffer,
  classes: ReadonlyMap<string, ErrorClass> | undefined,
): object {
  if (!Array.isArray(node)) return node
  switch (node[0]) {
    case 'array':
      return node[1]
    case 'sparse':
      return Object.assign([], { length: node[1] })
    case 'nullproto':
      return Object.create(null) as object
    case 'map':
      return new Map()
    case 'set':
      return new Set()
    case 'date':
      return new Date(node[1] ?? NaN)
    case 'regexp':
      return Object.assign(new RegExp(node[1], node[2]), { lastIndex: node[3] })
    case 'url':
      return new URL(node[1])
    case 'bytes':
      return restoreBytes(node[1], takeAttachment(node[2]))
    case 'error':
      return node[1].includes('DOMException') ? makeDomException(node[2]) : makeError(node[1], classes)
  }
}

function fill(shell: object, node: Node, valueOf: (cell: Cell) => unknown): void {
  if (!Array.isArray(node)) return fillObject(shell, node, valueOf)
  switch (node[0]) {
    case 'array':
      node[1].forEach((cell, index) => ((shell as unknown[])[index] = valueOf(cell)))
      return
    case 'sparse':
      return fillObject(shell, node[2], valueOf)
    case 'nullproto':
      return fillObject(shell, node[1], valueOf)
    case 'map':
      for (let at = 0; at < node[1].length; at += 2) {
        ;(shell as Map<unknown, unknown>).set(valueOf(node[1][at] as Cell), valueOf(node[1][at + 1] as Cell))
      }
      return
    case 'set':
      for (const cell of node[1]) (shell as Set<unknown>).add(valueOf(cell))
      return
    case 'date':
    case 'regexp':
    case 'url':
    case 'bytes':
      return
    case 'error':
      for (const [key, cell] of Object.entries(node[2])) define(shell, key, valueOf(cell), false)
      for (const [key, cell] of Object.entries(node[3])) define(shell, key, valueOf(cell), true)
      return
  }
}

function fillObject(shell: object, cells: { [key: string]: Cell }, valueOf: (cell: Cell) => unknown): void {
  for (const key of Object.keys(cells)) (shell as Record<string, unknown>)[key] = valueOf(cells[key] as Cell)
}

function makeDomException(hidden: { [key: string]: Cell }): Error {
  return new DOMException(String(hidden['message']), String(hidden['name']))
}

function define(target: object, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(target, key, { value, enumerable, writable: true, configurable: true })
}
