import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LineSplitter } from './line-splitter.ts'

function split(bytes: Buffer, cuts: number[]): string[] {
  const splitter = new LineSplitter()
  const lines: string[] = []
  let from = 0
  for (const cut of [...cuts, bytes.length]) {
    lines.push(...splitter.push(bytes.subarray(from, from + cut)))
    from += cut
  }
  return [...lines, ...splitter.flush()]
}

test('lines are the same however their bytes are cut, also inside a character', () => {
  const line = fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[\r\n]/g, '.'))
  const cuts = fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 60 })
  fc.assert(
    fc.property(fc.array(line, { minLength: 1 }), cuts, (lines, where) => {
      expect(split(Buffer.from(lines.map((text) => `${text}\n`).join('')), where)).toEqual(lines)
    }),
  )
})

test.each([
  ['a\r\nb\r\n', ['a', 'b']],
  ['no end', ['no end']],
  ['a\n\nb', ['a', '', 'b']],
  ['50%\r100%\n', ['50%\r100%']],
  ['', []],
])('%j is the lines %j', (text, lines) => {
  expect(split(Buffer.from(text), [1, 1, 1])).toEqual(lines)
})

test('a line of 200 KB arrives whole', () => {
  const text = 'ä'.repeat(100_000)
  expect(split(Buffer.from(`${text}\n`), [65_535, 65_536])).toEqual([text])
})

test('P6 a line without an end is delivered in pieces that end between characters', () => {
  const splitter = new LineSplitter()
  const text = '€'.repeat(500_000)
  const bytes = Buffer.from(text)
  const pieces: string[] = []
  for (let from = 0; from < bytes.length; from += 65_536) {
    pieces.push(...splitter.push(bytes.subarray(from, from + 65_536)))
  }
  expect(pieces.length).toBeGreaterThan(0)
  expect([...pieces, ...splitter.flush()].join('')).toBe(text)
})
