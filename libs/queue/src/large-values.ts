/**
 * Values too large for BullMQ's JSON or for a script's arguments: fields of a hash beside the queue or the stream.
 *
 * A value of more than one part has a field for each: `name`, `name.1`, `name.2`, ... Parts keep single commands small:
 * Redis copies an argument several times while it stores it, and serves nobody else meanwhile.
 */
import type { Writable } from 'node:stream'
import { Command, type Redis } from 'ioredis'

export const partBytes = 4 * 1024 * 1024
/** While one part is copied the next ones are on their way. */
const partsUnderWay = 3

/** Sends all parts at once; what is sent on the same connection after this finds them stored, or this rejects. */
export async function writeLarge(redis: Redis, key: string, name: string, bytes: Buffer): Promise<void> {
  const parts = partNames(name, bytes.length).map((field, part) => {
    const command = new StoreBytes(key, field, bytes.subarray(part * partBytes, (part + 1) * partBytes))
    return redis.sendCommand(command) as Promise<unknown>
  })
  await Promise.all(parts)
}

/** `undefined` when a part of it is not there. */
export async function readLarge(redis: Redis, key: string, name: string, bytes: number): Promise<Buffer | undefined> {
  const names = partNames(name, bytes)
  const [only] = names
  if (names.length === 1 && only !== undefined) return (await redis.hgetBuffer(key, only)) ?? undefined
  const whole = Buffer.allocUnsafeSlow(bytes)
  let next = 0
  let missing = false
  const copyParts = async () => {
    while (next < names.length && !missing) {
      const part = next++
      const read = await redis.hgetBuffer(key, names[part] as string)
      if (read) read.copy(whole, part * partBytes)
      else missing = true
    }
  }
  await Promise.all(Array.from({ length: partsUnderWay }, copyParts))
  return missing ? undefined : whole
}

export function partNames(name: string, bytes: number): string[] {
  const count = Math.max(1, Math.ceil(bytes / partBytes))
  return Array.from({ length: count }, (_, part) => (part === 0 ? name : `${name}.${part}`))
}

/** HSET of one field. ioredis joins a command with bytes in it into one buffer; here they go out as they are. */
class StoreBytes extends Command {
  readonly #head: string
  readonly #bytes: Buffer

  constructor(key: string, field: string, bytes: Buffer) {
    super('hset', [key, field, bytes])
    const [keyBytes, fieldBytes] = [Buffer.byteLength(key), Buffer.byteLength(field)]
    this.#head = `*4\r\n$4\r\nhset\r\n$${keyBytes}\r\n${key}\r\n$${fieldBytes}\r\n${field}\r\n$${bytes.length}\r\n`
    this.#bytes = bytes
  }

  override toWritable(socket: Writable): string {
    socket.write(this.#head)
    socket.write(this.#bytes)
    return '\r\n'
  }
}
