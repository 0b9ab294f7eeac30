import { expect, test } from 'vitest'
import { styleOf } from './style.ts'
import { table, type Column } from './table.ts'

interface Row {
  id: string
  count: number
  why: string
}
const columns: Column<Row>[] = [
  { title: 'ID', text: ({ id }) => id },
  { title: 'COUNT', text: ({ count }) => String(count), right: true, expendable: 1 },
  { title: 'WHY', text: ({ why }) => why, colour: () => 'red', expendable: 2 },
]
const rows = [
  { id: 'word-count-1', count: 7, why: 'because it was\nlong ago' },
  { id: 'b', count: 1234, why: '' },
]
const plain = (columns?: number) => styleOf(columns === undefined ? {} : { isTTY: true, columns }, { NO_COLOR: '1' })

test('columns stand under their titles, numbers to the right, and what has lines becomes one', () => {
  expect(table(columns, rows, plain())).toBe(
    ['ID            COUNT  WHY', 'word-count-1      7  because it was long ago', 'b              1234', ''].join('\n'),
  )
})

test.each([
  [40, 'word-count-1      7  because it was lon…'],
  [33, 'word-count-1      7  because it …'],
  [32, 'word-count-1      7'],
  [18, 'word-count-1'],
  [5, 'word-count-1'],
])('on a terminal of %d columns a row is "%s"', (width, line) => {
  const text = table(columns, rows, plain(width))
  expect(text.split('\n')[1]).toBe(line)
  expect(Math.max(...text.split('\n').map((each) => each.length))).toBeLessThanOrEqual(Math.max(width, 12))
})

test('colours are for terminals, and not where NO_COLOR says so', () => {
  const paint = (stream: { isTTY?: boolean }, env: Record<string, string>) => styleOf(stream, env).paint('x', 'red')
  expect(paint({ isTTY: true }, {})).toBe('\u001b[31mx\u001b[39m')
  expect(paint({ isTTY: true }, { NO_COLOR: '1' })).toBe('x')
  expect(paint({ isTTY: true }, { TERM: 'dumb' })).toBe('x')
  expect(paint({}, {})).toBe('x')
})
