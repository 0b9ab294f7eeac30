/**
 * A few questions to a Redis server over a connection of their own: is it up, which version is it. The real client
 * takes 60 ms to load, which is more than Redis takes to start; everything else goes through `@burla/queue`.
 */
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { RedisAddress } from '@burla/protocol'

export type RedisReply = string | number | null | RedisReply[]

/** A frozen Redis takes a connection and says nothing. */
const answerWithinMs = 5_000

/** Sends the commands after logging in as the default user; rejects with Redis's own words at the first error reply. */
export async function askRedis(
  { address, password }: { address: RedisAddress; password: string },
  commands: string[][],
): Promise<RedisReply[]> {
  const socket = open(address)
  const replies: RedisReply[] = []
  try {
    await new Promise<void>((resolve, reject) => {
      let bytes = Buffer.alloc(0)
      socket.setTimeout(answerWithinMs, () => reject(new Error('Redis does not answer')))
      socket.once('error', reject)
      socket.once('close', () => reject(new Error('Redis closed the connection')))
      socket.on('data', (chunk: Buffer) => {
        bytes = Buffer.concat([bytes, chunk])
        for (let parsed = parseReply(bytes); parsed !== undefined; parsed = parseReply(bytes)) {
          bytes = bytes.subarray(parsed.length)
          if (parsed.reply instanceof Error) return reject(parsed.reply)
          replies.push(parsed.reply)
        }
        if (replies.length > commands.length) resolve()
      })
      for (const command of [['AUTH', 'default', password], ...commands]) socket.write(encodeCommand(command))
    })
  } finally {
    socket.destroy()
  }
  return replies.slice(1)
}

function open(address: RedisAddress): Socket {
  if ('path' in address) return connect(address.path)
  const { host, port, tls } = address
  return tls ? connectTls({ host, port, servername: host }) : connect(port, host)
}

function encodeCommand(parts: string[]): string {
  return `*${parts.length}\r\n${parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join('')}`
}

/** The first reply in `bytes` and how many of them it takes; undefined when it is not all there. RESP2. */
function parseReply(bytes: Buffer, from = 0): { reply: RedisReply | Error; length: number } | undefined {
  const end = bytes.indexOf('\r\n', from)
  if (end === -1) return undefined
  const text = bytes.toString('utf8', from + 1, end)
  const next = end + 2
  const line = (reply: RedisReply | Error) => ({ reply, length: next - from })
  switch (String.fromCharCode(bytes[from] ?? 0)) {
    case '+':
      return line(text)
    case '-':
      return line(new Error(text))
    case ':':
      return line(Number(text))
    case '$': {
      const size = Number(text)
      if (size < 0) return line(null)
      if (bytes.length < next + size + 2) return undefined
      return { reply: bytes.toString('utf8', next, next + size), length: next + size + 2 - from }
    }
    case '*': {
      const items: RedisReply[] = []
      let at = next
      for (let left = Number(text); left > 0; left--) {
        const item = parseReply(bytes, at)
        if (item === undefined) return undefined
        if (item.reply instanceof Error) return { reply: item.reply, length: at + item.length - from }
        items.push(item.reply)
        at += item.length
      }
      return { reply: items, length: at - from }
    }
    default:
      return line(new Error(`not a reply of Redis: ${bytes.toString('latin1', from, end)}`))
  }
}
