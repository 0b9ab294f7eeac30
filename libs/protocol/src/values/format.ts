/**
 * How a value looks on the wire. The first byte says which of three forms follows; a form never changes its meaning,
 * a new one takes a new number.
 *
 *   1  json    JSON text. The usual case: plain data costs what JSON costs.
 *   2  graph   u32 length of the JSON text (little endian), the JSON text, then the attachments
 *   3  bytes   kind of bytes (index in `byteKinds`), the bytes: the value is a Buffer, typed array, ...
 *
 * The text of a graph is `[cell, nodes]`. A cell is what stands where a value stands: a JSON string, boolean, null or
 * number as itself; `[id]` for the node of that id; `[-1]`... for the `constants`; `["123"]` for a BigInt. A node is
 * either a JSON object (a plain object, its values are cells) or an array that starts with its tag, see `Node`. As
 * nodes refer to each other by id, cycles and shared references need nothing special. Attachments follow
 * each other in the order of their nodes; nothing is aligned, as a reader copies them out.
 *
 * Why not superjson (2.2.6, tried): it throws on keys named `constructor`, `prototype` and `__proto__`, and on 5,000
 * levels; holes become null, an invalid Date becomes null; class, stack and own properties of errors are lost; it finds
 * entries of a Map by counting (340 ms for 20,000 Dates). None of this can be mended from outside by a registered rule.
 */
export const form = { json: 1, graph: 2, bytes: 3 } as const

/** Bytes before the text of a graph, and before the bytes of the form `bytes`. */
export const graphHeaderBytes = 5
export const bytesHeaderBytes = 2

export type Cell = string | number | boolean | null | [number] | [string]

export type Node =
  | { [key: string]: Cell }
  | ['array', Cell[]]
  | ['sparse', length: number, { [index: string]: Cell }]
  | ['nullproto', { [key: string]: Cell }]
  | ['map', Cell[]]
  | ['set', Cell[]]
  | ['date', number | null]
  | ['regexp', source: string, flags: string, lastIndex: number]
  | ['url', string]
  | ['bytes', kind: number, length: number]
  | ['error', classes: string[], hidden: { [key: string]: Cell }, own: { [key: string]: Cell }]

/** Values that JSON has no word for; the cell of number n is `[-1 - n]`. */
export const constants: readonly unknown[] = [undefined, NaN, Infinity, -Infinity, -0]
