/** Views on memory, by the name of their kind. */
const kinds: Record<string, new (buffer: ArrayBuffer, offset: number, length: number) => object> = {
  DataView,
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
}

export function viewOn(
  buffer: ArrayBuffer,
  { type, offset, length }: { type: string; offset: number; length: number },
): object {
  if (type === 'Buffer') return Buffer.from(buffer, offset, length)
  const kind = kinds[type] ?? (globalThis as unknown as typeof kinds)[type]
  if (!kind) throw new TypeError(`this version of Node has no ${type}`)
  return new kind(buffer, offset, length)
}
