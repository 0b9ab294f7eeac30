/**
 * Memory: ArrayBuffers and the views on them. Only what the captured views cover is shipped, because a small Buffer is a
 * part of a pool in which other people's bytes lie; views that overlap share their memory there as here.
 */
import { types } from 'node:util'
import { padded } from '../payload/bytes.ts'
import type { Node } from '../payload/payload.ts'

type ViewNode = Extract<Node, { kind: 'view' }>
type BufferNode = Extract<Node, { kind: 'buffer' }>

/** What the constructor is called, whatever the class of a view says. */
const typeOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)
  ?.get as () => string

interface View {
  node: ViewNode
  start: number
  end: number
}

export class Buffers {
  readonly #views = new Map<ArrayBuffer, View[]>()
  readonly #whole = new Map<ArrayBuffer, BufferNode>()

  addWhole(buffer: ArrayBuffer): BufferNode {
    const node: BufferNode = { kind: 'buffer', at: -1, length: buffer.byteLength }
    this.#whole.set(buffer, node)
    return node
  }

  addView(view: ArrayBufferView): ViewNode {
    const { buffer, byteOffset: start, byteLength } = view
    const length = types.isDataView(view) ? byteLength : (view as Uint8Array).length
    const type = types.isDataView(view) ? 'DataView' : Buffer.isBuffer(view) ? 'Buffer' : String(typeOf.call(view))
    const node: ViewNode = { kind: 'view', type, buffer: null, offset: start, length }
    const views = this.#views.get(buffer as ArrayBuffer) ?? []
    views.push({ node, start, end: start + byteLength })
    this.#views.set(buffer as ArrayBuffer, views)
    return node
  }

  /** The bytes to ship, in order. `addNode` makes the node of a piece that no variable holds as a whole. */
  settle(addNode: (node: BufferNode) => [number], nodeOf: (buffer: ArrayBuffer) => [number]): Uint8Array[] {
    const pieces: Uint8Array[] = []
    let at = 0
    const ship = (bytes: Uint8Array): number => {
      pieces.push(bytes)
      const start = at
      at += padded(bytes.length)
      return start
    }
    for (const [buffer, node] of this.#whole) node.at = ship(new Uint8Array(buffer))
    for (const [buffer, views] of this.#views) {
      if (this.#whole.has(buffer)) {
        for (const { node } of views) node.buffer = nodeOf(buffer)
        continue
      }
      for (const { start, end, members } of piecesOf(views)) {
        const length = end - start
        const cell = addNode({ kind: 'buffer', at: ship(new Uint8Array(buffer, start, length)), length })
        for (const { node } of members) Object.assign(node, { buffer: cell, offset: node.offset - start })
      }
    }
    return pieces
  }
}

/** Views that overlap, together; several are kept aligned as they are. */
function piecesOf(views: View[]): { start: number; end: number; members: View[] }[] {
  const pieces: { start: number; end: number; members: View[] }[] = []
  for (const view of views.toSorted((a, b) => a.start - b.start)) {
    const last = pieces.at(-1)
    if (last && view.start < last.end) {
      last.end = Math.max(last.end, view.end)
      last.members.push(view)
      last.start -= last.start % 8
    } else {
      pieces.push({ start: view.start, end: view.end, members: [view] })
    }
  }
  return pieces
}
