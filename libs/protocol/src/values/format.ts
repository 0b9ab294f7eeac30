/**
 * How a value looks on the wire: u8 codec version, u8 form, and then as the form says (numbers are little endian):
 *
 *   1  json    the JSON text. The usual case: plain data costs what JSON costs.
 *   2  graph   u16 nothing, u32 length of the JSON text, the JSON text, the attachments
 *   3  bytes   u8 kind of bytes (index in `byteKinds`), five of nothing, the bytes: the value is a Buffer, typed array, ...
 *
 * The text of a graph is `[cell, nodes]`. A cell is what stands where a value stands: a JSON string, boolean, null or
 * number as itself; `[id]` for the node of that id; `[-1]`... for the `constants`; `["123"]` for a BigInt. A node is
 * either a JSON object (a plain object, its values are cells) or an array that starts with its tag, see `Node`. As
 * nodes refer to each other by id, cycles and shared references need nothing special. Attachments are
 * the bytes of the nodes `bytes`, in their order; nothing is aligned, as a reader copies them out.
 *
 * Why not superjson (2.2.6, tried): it throws on keys named `constructor`, `prototype` and `__proto__`, and on 5,000
 * levels; holes become null, an invalid Date becomes null; class, stack and own properties of errors are lost; it finds
 * entries of a Map by counting (340 ms for 20,000 Dates). None of this can be mended from outside by a registered rule.
 */
export const form = { json: 1, graph: 2, bytes: 3 } as const

/** Bytes before what each form carries. */
export const headerBytes = { json: 2, graph: 8, bytes: 8 } as const

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
  | ['params', string]
  | ['boxed', Cell]
  | ['bytes', kind: number, length: number]
  | ['view', kind: number, buffer: number, offset: number, length: number]
  | ['error', classes: string[], hidden: { [key: string]: Cell }, own: { [key: string]: Cell }]

/** Values that JSON has no word for; the cell of number n is `[-1 - n]`. */
export const constants: readonly unknown[] = [undefined, NaN, Infinity, -Infinity, -0]
