/**
 * Bytes that several views of one value show: what is written through one of them is seen through the others, here and
 * after the trip. Views that do not overlap travel apart, because what they have in common may be large and none of the
 * value's business (Node cuts small Buffers from one pool).
 */
import { arrayBufferKind } from './bytes.ts'
import type { Node } from './format.ts'

/** A node of bytes, as it was met. */
export interface BytesNode {
  id: number
  kind: number
  bytes: Uint8Array
}

interface Range extends BytesNode {
  start: number
  end: number
}

/**
 * Turns the nodes of views that overlap into views of one buffer: of the ArrayBuffer itself, where the value holds it, else
 * of a node of its own that is added at the end. Returns the attachments, in the order of their nodes.
 */
export function shareBuffers(nodes: Node[], met: BytesNode[]): Uint8Array[] {
  const byBuffer = new Map<ArrayBufferLike, Range[]>()
  for (const node of met) {
    const { bytes } = node
    const ranges = byBuffer.get(bytes.buffer)
    const range = { ...node, start: bytes.byteOffset, end: bytes.byteOffset + bytes.byteLength }
    if (ranges) ranges.push(range)
    else byBuffer.set(bytes.buffer, [range])
  }
  const attached = new Map(met.map(({ id, bytes }) => [id, bytes]))
  for (const [buffer, ranges] of byBuffer) {
    for (const group of overlapping(ranges)) {
      const whole = group.find(({ kind }) => kind === arrayBufferKind)
      const start = whole ? 0 : Math.min(...group.map((range) => range.start)) & ~7
      const end = Math.max(...group.map((range) => range.end))
      const bufferId = whole?.id ?? nodes.push(['bytes', arrayBufferKind, end - start]) - 1
      if (!whole) attached.set(bufferId, new Uint8Array(buffer, start, end - start))
      for (const { id, kind, start: from, end: to } of group) {
        if (id === bufferId) continue
        nodes[id] = ['view', kind, bufferId, from - start, to - from]
        attached.delete(id)
      }
    }
  }
  return [...attached].sort(([a], [b]) => a - b).map(([, bytes]) => bytes)
}

/** Groups of two or more. A zero-length view overlaps nothing but the ArrayBuffer itself. */
function overlapping(ranges: Range[]): Range[][] {
  if (ranges.length < 2) return []
  const whole = ranges.some(({ kind }) => kind === arrayBufferKind)
  if (whole) return [ranges]
  const groups: Range[][] = []
  let end = -1
  for (const range of ranges.toSorted((a, b) => a.start - b.start)) {
    if (range.start < end) groups.at(-1)?.push(range)
    else groups.push([range])
    end = Math.max(end, range.end)
  }
  return groups.filter((group) => group.length > 1)
}
