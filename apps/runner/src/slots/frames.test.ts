import type { Socket } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FrameReader, frameTypes, writeFrame } from './frames.ts'

function written(write: (socket: Socket) => void): Buffer {
  const chunks: Buffer[] = []
  const socket = { cork() {}, uncork() {}, write: (chunk: Buffer) => chunks.push(chunk) }
  write(socket as unknown as Socket)
  return Buffer.concat(chunks)
}

test('frames arrive whole and in order, however their bytes are cut', () => {
  const frame = fc.record({
    type: fc.constantFrom(...Object.values(frameTypes)),
    head: fc.uint8Array({ maxLength: 12 }),
    payload: fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 17_000, maxLength: 20_000 })),
  })
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 5 }), fc.array(fc.integer({ min: 1, max: 9_000 })), (frames, cuts) => {
      const bytes = written((socket) => {
        for (const { type, head, payload } of frames) writeFrame(socket, type, Buffer.from(head), Buffer.from(payload))
      })
      const seen: { type: number; body: Buffer }[] = []
      const reader = new FrameReader((type, body) => seen.push({ type, body }))
      let from = 0
      for (const cut of [...cuts, bytes.length]) {
        reader.push(bytes.subarray(from, from + cut))
        from += cut
      }
      const expected = frames.map(({ type, head, payload }) => [type, Buffer.concat([head, payload]).toString('hex')])
      expect(seen.map(({ type, body }) => [type, body.toString('hex')])).toEqual(expected)

      const into: [number, Buffer][] = []
      const readInto = new FrameReader((type, body) => into.push([type, body]))
      from = 0
      for (const cut of [...cuts, bytes.length]) {
        const end = Math.min(from + cut, bytes.length)
        while (from < end) {
          const length = bytes.copy(readInto.target, 0, from, end)
          readInto.read(length)
          from += length
        }
      }
      expect(into.map(([type, body]) => [type, body.toString('hex')])).toEqual(expected)
    }),
    { numRuns: 50 },
  )
})

test('a length that no frame has is refused before memory is taken for it', () => {
  const reader = new FrameReader(() => undefined)
  expect(() => reader.push(Buffer.from([0xff, 0xff, 0xff, 0xff, 1]))).toThrow(RangeError)
})
