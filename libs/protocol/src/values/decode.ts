/** Bytes of `encodeValue` in, the value out: first every node as an empty shell, then each is filled. */
import { checkCodec, type Origin } from '../codec-version.ts'
import { BurlaError } from '../errors.ts'
import { makeView, restoreBytes } from './bytes.ts'
import { type ErrorClass, makeError } from './error-parts.ts'
import { type Cell, constants, form, headerBytes, type Node } from './format.ts'

export interface DecodeOptions {
  /** whose value it is, for the sentence about bytes of another version */
  origin?: Origin
  /** classes of the caller's program, see `errorClassesByNames`: an error with the names of one is an instance of it */
  classes?: ReadonlyMap<string, ErrorClass> | undefined
  /** how the stack of an error, at any depth, is told here; as it is where nothing is said */
  stack?: ((stack: string) => string) | undefined
}

/** The value, which may use the memory of `bytes`; `BurlaError` `CODEC_UNKNOWN` when the bytes were written by a version with another format. */
export function decodeValue(bytes: Buffer, { origin = aValue, ...errors }: DecodeOptions = {}): unknown {
  checkCodec(bytes[0], origin)
  switch (bytes[1]) {
    case form.json:
      return JSON.parse(bytes.toString('utf8', headerBytes.json))
    case form.graph:
      return decodeGraph(bytes, errors)
    case form.bytes:
      return restoreBytes(bytes[2] as number, bytes.subarray(headerBytes.bytes))
    default:
      throw new BurlaError('CODEC_UNKNOWN', `${origin.what} is damaged: it has no form that codec ${bytes[0]} knows`)
  }
}

const aValue: Origin = { what: 'a value', from: 'program' }

function decodeGraph(bytes: Buffer, { classes, stack }: Omit<DecodeOptions, 'origin'>): unknown {
  let offset = headerBytes.graph + bytes.readUInt32LE(4)
  const [root, nodes] = JSON.parse(bytes.toString('utf8', headerBytes.graph, offset)) as [Cell, Node[]]

  for (const node of stack ? nodes.filter(isError) : []) {
    const told = node[2]['stack']
    if (typeof told === 'string') node[2]['stack'] = stack?.(told) ?? told
  }
  const takeAttachment = (length: number) => {
    offset += length
    return bytes.subarray(offset - length, offset)
  }
  const shells = nodes.map((node) => (isView(node) ? undefined : shellOf(node, takeAttachment, classes)))
  // The buffers of views may come after them.
  nodes.forEach((node, id) => {
    if (isView(node)) shells[id] = makeView(node[1], shells[node[2]] as ArrayBuffer, node[3], node[4])
  })
  const valueOf = (cell: Cell): unknown =>
    Array.isArray(cell) && typeof cell[0] === 'number' && cell[0] >= 0 ? shells[cell[0]] : primitiveOf(cell)
  nodes.forEach((node, id) => fill(shells[id] as object, node, valueOf))
  return valueOf(root)
}

type ViewNode = Extract<Node, ['view', ...unknown[]]>

function isView(node: Node): node is ViewNode {
  return Array.isArray(node) && node[0] === 'view'
}

function isError(node: Node): node is Extract<Node, ['error', ...unknown[]]> {
  return Array.isArray(node) && node[0] === 'error'
}

/** What a cell stands for that refers to no node. */
function primitiveOf(cell: Cell): unknown {
  if (!Array.isArray(cell)) return cell
  return typeof cell[0] === 'string' ? BigInt(cell[0]) : constants[-1 - cell[0]]
}

/** JSON's own arrays and objects serve as shells: they hold cells until they are filled. */
function shellOf(
  node: Exclude<Node, ViewNode>,
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
    case 'params':
      return new URLSearchParams(node[1])
    case 'boxed':
      return Object(primitiveOf(node[1])) as object
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
    case 'params':
    case 'boxed':
    case 'bytes':
    case 'view':
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
