/**
 * Small changes to a text that leave each of its lines where it is, and its columns where that is possible: stacks name
 * the place in the user's file without any table.
 */
import type { FreeVariable, Use } from './free-variables.ts'
import type { Tree } from './parse.ts'

export interface Edit {
  start: number
  end: number
  text: string
}

/** `offset`: where the text begins in the offsets of the edits. */
export function applyEdits(text: string, edits: Edit[], offset: number): string {
  let result = ''
  let at = 0
  for (const edit of edits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    result += text.slice(at, edit.start - offset) + edit.text
    at = edit.end - offset
  }
  return result + text.slice(at)
}

/** Puts `expression` where `node` stands, in as many characters if they suffice; its lines stay. */
export function replacing({ start, end }: { start: number; end: number }, expression: string, within: string): Edit {
  const lines = within.slice(start, end).replace(/[^\n]+/g, '')
  return { start, end, text: lines === '' ? expression.padEnd(end - start) : expression + lines }
}

/** A text that does nothing, in place of one that must not run again. */
export function blanking({ start, end }: { start: number; end: number }, within: string): Edit {
  const text = within.slice(start, end).replace(/[^\n]/g, ' ')
  return { start, end, text: `;${text.slice(1)}` }
}

/** A name that the text does not know, of `length` characters where there is one. */
export function freshName(wish: string, identifiers: ReadonlySet<string>): string {
  for (let name = wish, n = 0; ; n++) {
    if (!identifiers.has(name)) return name
    const digits = String(n)
    name = wish.length > digits.length + 1 ? wish.slice(0, -digits.length) + digits : wish + digits
  }
}

/** Each mention of a variable becomes `<box>.v`, so that several functions can share one variable. */
export function boxing({ uses }: FreeVariable, box: string, name: string): Edit[] {
  return uses.flatMap((use) => boxedUse(use, `${box}.v`, name))
}

function boxedUse({ start, end, as }: Use, cell: string, name: string): Edit[] {
  const padded = cell.padEnd(end - start)
  if (as === 'plain') return [{ start, end, text: padded }]
  if (as === 'shorthand') return [{ start, end, text: `${name}:${cell}` }]
  // `(0, cell)(...)` could continue the line before; this cannot
  const [first] = as.call['arguments'] as Tree[]
  const edits: Edit[] = [{ start, end, text: as.call['optional'] ? cell : `${cell}.call` }]
  if (as.call['optional']) edits.push({ start: end + 2, end: end + 2, text: 'call' })
  if (first) edits.push({ start: first.start, end: first.start, text: 'void 0,' })
  return edits
}
