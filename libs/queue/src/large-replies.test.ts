import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import fc from 'fast-check'
import { useRedis } from '@burla/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { connectRedis, type Redis } from './index.ts'
import { Replies } from './large-replies.ts'

const server = useRedis()
let redis: Redis
beforeEach(() => {
  redis = connectRedis({ address: server.address, password: server.password, name: 'test' })
})
afterEach(() => redis.disconnect())

/** Puts `bytes` in, in pieces that end where `cuts` say, as a socket would. */
function readIn(bytes: Buffer, cuts: number[]): Buffer[] {
  const passed: Buffer[] = []
  const replies = new Replies((chunk) => passed.push(chunk))
  let at = 0
  for (const cut of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
    while (at < cut) {
      const length = bytes.copy(replies.target, 0, at, cut)
      replies.read(length)
      at += length
    }
  }
  return passed
}

const bulk = (bytes: Buffer) => Buffer.concat([Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n')])

test('however the bytes come, they are passed on as they are, and each large reply as one buffer', () => {
  const large = fc.integer({ min: 64 * 1024, max: 200_000 }).map((size) => bulk(Buffer.alloc(size, '\r\n$5\r\n')))
  const small = fc.oneof(
    fc
      .constantFrom('+OK\r\n', ':1\r\n', '*2\r\n', '$-1\r\n', '*-1\r\n', '-ERR no $\r\n', '$0\r\n\r\n')
      .map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => bulk(Buffer.from(bytes))),
    fc.integer({ min: 60_000, max: 65_535 }).map((size) => bulk(Buffer.alloc(size, '$99999999\r\n'))),
  )
  const replies = fc.array(fc.oneof({ arbitrary: small, weight: 4 }, large), { maxLength: 12 })
  fc.assert(
    fc.property(replies, fc.array(fc.nat(600_000), { maxLength: 20 }), (parts, cuts) => {
      const bytes = Buffer.concat(parts)
      const passed = readIn(bytes, cuts.filter((cut) => cut < bytes.length)) // prettier-ignore
      // A line whose end has not come is held back, but here all have come.
      expect(Buffer.concat(passed).equals(bytes)).toBe(true)
      for (const part of parts.filter(({ length }) => length > 66_000)) {
        expect(passed.some((chunk) => chunk.length === part.length && chunk.equals(part))).toBe(true)
      }
    }),
    { numRuns: 200 },
  )
})

test('what was passed on stays as it is when the next bytes come', () => {
  const passed = readIn(Buffer.concat([Buffer.from('+first\r\n'), Buffer.from('+other\r\n')]), [8])
  expect(passed.map(String)).toEqual(['+first\r\n', '+other\r\n'])
})

test('replies of all sizes and shapes arrive whole, in their order', async () => {
  const sizes = [0, 1, 65_535, 65_536, 65_537, 1_000_000, 5_000_000]
  const values = sizes.map((size) => randomBytes(size))
  await Promise.all(values.map((value, at) => redis.hset('h', String(at), value)))
  const [first, ...rest] = await Promise.all([
    redis.hmgetBuffer('h', ...sizes.map((_, at) => String(at)), 'missing'),
    ...sizes.map((_, at) => redis.hgetBuffer('h', String(at))),
    redis.get('missing'),
  ])
  expect((first as (Buffer | null)[]).map((value, at) => value?.equals(values[at] ?? Buffer.alloc(0)) ?? null)).toEqual(
    [...sizes.map(() => true), null],
  )
  expect(rest.slice(0, -1).map((value, at) => (value as Buffer).equals(values[at] ?? Buffer.alloc(0)))).toEqual(sizes.map(() => true)) // prettier-ignore
})

test('a connection that is lost amid a large reply is found again, and the reply asked for again', async () => {
  const value = randomBytes(30_000_000)
  await redis.set('k', value)
  const reading = redis.getBuffer('k')
  const { stream } = redis as unknown as { stream: Socket }
  while (stream.bytesRead < 1_000) await new Promise((resolve) => setImmediate(resolve))
  stream.destroy()
  expect((await reading)?.equals(value)).toBe(true)
})
