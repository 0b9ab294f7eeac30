/** A function that would be too big to ship: what of what it uses takes the room. */
import { BurlaError, encodeValue } from '@burla/protocol'
import type { PayloadParts } from '../payload/bytes.ts'
import type { Cell, Node } from '../payload/payload.ts'
import type { Graph } from './graph.ts'
import { describeTrail, variableTrail, type Trail } from './refusals.ts'

const listed = 3
const MiB = 1024 * 1024

interface Size {
  trail: Trail
  bytes: number
}

/** `bytes`: of all of it; undefined when it is more than can be told. */
export function tooBig(graph: Graph, parts: PayloadParts, mostBytes: number, bytes?: number): BurlaError {
  const sizes = parts.payload.nodes.flatMap((node, id) => sizesIn(graph, parts, node, id))
  const largest = byVariable(sizes).filter((each) => each.bytes > mostBytes / 100)
  const names = largest.slice(0, listed).map((each) => `${describeTrail(each.trail)} (${amount(each.bytes)})`)
  return new BurlaError(
    'FUNCTION_TOO_BIG',
    `${graph.trails[0]?.word} is too big to travel: ${bytes === undefined ? 'over 512 MiB' : amount(bytes)} with what it uses, ` +
      `and ${amount(mostBytes)} is the most; the largest are ${names.join(', ')}; ` +
      'pass data as inputs, or put it into a file in shared/ and read it inside the function',
  )
}

/** The largest first. What is in a variable counts together, and one thing that is most of it is told by itself. */
function byVariable(sizes: Size[]): Size[] {
  const variables = new Map<Trail, Size & { largest: Size }>()
  for (const size of sizes) {
    const trail = variableOf(size.trail)
    const known = variables.get(trail) ?? { trail, bytes: 0, largest: size }
    variables.set(trail, known)
    known.bytes += size.bytes
    if (size.bytes > known.largest.bytes) known.largest = size
  }
  const told = [...variables.values()].map((each) => (each.largest.bytes > each.bytes / 2 ? each.largest : each))
  return told.sort((a, b) => b.bytes - a.bytes)
}

function variableOf(trail: Trail): Trail {
  return trail.as === 'member' && trail.from ? variableOf(trail.from) : trail
}

function sizesIn(graph: Graph, { data }: PayloadParts, node: Node, id: number): Size[] {
  const trail = graph.trails[id] as Trail
  switch (node.kind) {
    case 'function':
    case 'declaration':
      return [{ trail, bytes: node.code.text.length }, ...textsIn(node.variables, trail)]
    case 'json':
      return [{ trail, bytes: sizeOf(() => JSON.stringify(node.value)) }]
    case 'data':
      return [{ trail, bytes: sizeOf(() => encodeValue(data[node.at])) }]
    case 'view':
      return [{ trail, bytes: lengthOf(graph, node.buffer) }]
    case 'buffer':
      // memory that only views show has no way of its own: it is told by them
      return trail === graph.trails[0] ? [] : [{ trail, bytes: node.length }]
    default:
      return [{ trail, bytes: sizeOf(() => JSON.stringify(node)) }]
  }
}

function textsIn(variables: Record<string, Cell>, trail: Trail): Size[] {
  return Object.entries(variables).flatMap(([name, cell]) =>
    typeof cell === 'string' ? [{ trail: variableTrail(trail, name), bytes: Buffer.byteLength(cell) }] : [],
  )
}

function lengthOf(graph: Graph, buffer: Cell): number {
  const node = Array.isArray(buffer) && typeof buffer[0] === 'number' ? graph.nodes[buffer[0]] : undefined
  return node?.kind === 'buffer' ? node.length : 0
}

/** Infinite for what cannot even be encoded. */
function sizeOf(encode: () => { length: number }): number {
  try {
    return encode().length
  } catch {
    return Infinity
  }
}

function amount(bytes: number): string {
  if (bytes === Infinity) return 'over 256 MiB'
  return bytes < 10 * MiB ? `${(bytes / MiB).toFixed(1)} MiB` : `${Math.round(bytes / MiB)} MiB`
}
