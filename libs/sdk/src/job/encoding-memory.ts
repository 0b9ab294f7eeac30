/**
 * Memory in which large inputs are encoded, used again once they are stored. New memory for each makes V8 collect all the
 * time: measured with inputs of 1 MiB, that cost more than moving them.
 */

/** Smaller ones are not worth the trouble. */
const leastBytes = 64 * 1024
/** Two chunks of inputs are under way at a time, see `feeding.ts`; what is above that is left to V8. */
const keptBytes = 16 * 1024 * 1024

export interface EncodingMemory {
  /** Like `Buffer.allocUnsafe`. */
  take(bytes: number): Buffer
  /** Nobody reads it any more. What was not taken here is ignored. */
  giveBack(buffer: Buffer): void
}

export function createEncodingMemory(most = keptBytes): EncodingMemory {
  const lent = new WeakSet<ArrayBufferLike>()
  const free: ArrayBufferLike[] = []
  let freeBytes = 0
  return {
    take(bytes) {
      if (bytes < leastBytes) return Buffer.allocUnsafe(bytes)
      const at = free.findIndex(({ byteLength }) => byteLength >= bytes && byteLength <= 2 * bytes)
      const [found] = at < 0 ? [] : free.splice(at, 1)
      if (found) freeBytes -= found.byteLength
      const memory = found ?? Buffer.allocUnsafeSlow(bytes).buffer
      lent.add(memory)
      return Buffer.from(memory as ArrayBuffer, 0, bytes)
    },
    giveBack({ buffer }) {
      if (!lent.delete(buffer) || freeBytes + buffer.byteLength > most) return
      free.push(buffer)
      freeBytes += buffer.byteLength
    },
  }
}

/** Of this program. */
export const encodingMemory = createEncodingMemory()
