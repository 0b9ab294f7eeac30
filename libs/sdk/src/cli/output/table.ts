/**
 * Rows under titles, as wide as the terminal. Where there is not enough room the last column is cut short, and columns
 * before it are left out, the least important first; the first column is always whole, because it is what people copy.
 */
import type { Colour, Style } from './style.ts'

export interface Column<Row> {
  title: string
  text(row: Row): string
  colour?(row: Row): Colour | undefined
  /** numbers stand under each other */
  right?: boolean
  /** left out where there is no room, the highest first; 0: never */
  expendable?: number
}

const gap = '  '
/** A last column with less room than this says nothing. */
const leastWidth = 12

export function table<Row>(columns: Column<Row>[], rows: Row[], { width, paint }: Style): string {
  const { shown, widths } = fit(columns, rows, width ?? Infinity)
  const line = (text: (column: Column<Row>) => string, colour: (column: Column<Row>) => Colour | undefined) => {
    const cells = shown.map((column, place) => {
      const cell = text(column)
      const room = widths[place] ?? 0
      const whole = cell.length > room ? `${cell.slice(0, room - 1)}…` : cell
      const padding = ' '.repeat(room - whole.length)
      const painted = paint(whole, colour(column))
      if (column.right) return padding + painted
      return place === shown.length - 1 ? painted : painted + padding
    })
    return `${cells.join(gap).trimEnd()}\n`
  }
  const title = line(
    (column) => column.title,
    () => 'dim',
  )
  const lines = rows.map((row) =>
    line(
      (column) => oneLine(column.text(row)),
      (column) => column.colour?.(row),
    ),
  )
  return title + lines.join('')
}

function fit<Row>(columns: Column<Row>[], rows: Row[], room: number): { shown: Column<Row>[]; widths: number[] } {
  let shown = columns
  for (;;) {
    const widths = shown.map(({ title, text }) =>
      Math.max(title.length, ...rows.map((row) => oneLine(text(row)).length)),
    )
    const over = widths.reduce((sum, width) => sum + width, 0) + gap.length * (widths.length - 1) - room
    const last = widths.at(-1) ?? 0
    const spare = shown.length > 1 ? Math.max(0, last - leastWidth) : 0
    if (over <= spare) {
      if (over > 0) widths[widths.length - 1] = last - over
      return { shown, widths }
    }
    const least = Math.max(...shown.map(({ expendable = 0 }) => expendable))
    // A terminal narrower than an id: it wraps.
    if (least === 0) return { shown, widths }
    shown = shown.filter(({ expendable = 0 }) => expendable !== least)
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ')
}
