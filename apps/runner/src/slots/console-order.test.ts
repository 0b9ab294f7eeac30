import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OrderMerger } from './console-order.ts'
import { usePool } from './use-pool.ts'

test('the order of console lines is kept across stdout and stderr', async () => {
  const { call, lines } = await usePool((count: number) => {
    for (let i = 0; i < count; i++) {
      if ((i * 7) % 5 < 2) console.error(`${i}`)
      else console.log(`${i}`)
    }
  })
  for (const index of [0, 1]) {
    await call(5_000, { index })
    const numbers = lines.splice(0).map((line) => Number(line.text))
    expect(numbers).toEqual(Array.from({ length: 5_000 }, (_, i) => i))
  }
})

test('bytes that only look like a mark are passed on', async () => {
  const { call, lines } = await usePool(() => {
    const { writeSync } = process.getBuiltinModule('node:fs')
    writeSync(1, Buffer.from([0x61, 0xff, 0xfe, 0x62, 0x75]))
  })
  await call(null)
  expect(lines.map((line) => line.text)).toEqual(['a\ufffd\ufffdbu'])
})

test('a stream with marks is merged in order however its bytes are cut', () => {
  const segment = fc.record({ stream: fc.constantFrom('stdout', 'stderr'), text: fc.string({ minLength: 1 }) })
  fc.assert(
    fc.property(
      fc.array(segment),
      fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 9 }))),
      (segments, reads) => {
        const pipes = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
        let last: string | undefined
        let number = 0
        for (const { stream, text } of segments) {
          if (last && last !== stream) {
            const hex = (++number).toString(16).padStart(8, '0')
            const mark = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(`burla${hex}`)])
            pipes.stdout.push(mark)
            pipes.stderr.push(mark)
          }
          last = stream
          pipes[stream as 'stdout'].push(Buffer.from(text))
        }
        let merged = ''
        const merger = new OrderMerger((_, bytes) => (merged += bytes.toString('latin1')))
        const rest = { stdout: Buffer.concat(pipes.stdout), stderr: Buffer.concat(pipes.stderr) }
        for (const [first, length] of [...reads, [true, Infinity] as const, [false, Infinity] as const]) {
          const stream = first ? 'stdout' : 'stderr'
          merger.push(stream, rest[stream].subarray(0, length))
          rest[stream] = rest[stream].subarray(length)
        }
        expect(merged).toBe(segments.map(({ text }) => Buffer.from(text).toString('latin1')).join(''))
      },
    ),
  )
})

test('P6 forged marks hold back a bounded number of bytes', () => {
  let passed = 0
  const merger = new OrderMerger((_, bytes) => (passed += bytes.length))
  merger.push('stdout', Buffer.from('\xff\xfeburla00ffffff', 'latin1'))
  for (let i = 0; i < 40; i++) merger.push('stdout', Buffer.alloc(65_536, 'x'))
  expect(passed).toBeGreaterThan(1_000_000)
  merger.flush()
  expect(passed).toBe(40 * 65_536)
})
