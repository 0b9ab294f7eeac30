/** Source maps, version 3 (https://tc39.es/ecma426/): which place of the user's file a generated place comes from. */

/** Counted from 0. */
export interface Position {
  source: string
  line: number
  column: number
}

export interface SourceMap {
  sources: string[]
  /** of each generated line, sorted: generated column, source, its line, its column */
  lines: [column: number, source: number, line: number, column: number][][]
}

/** Undefined for a text that is no source map, or one in sections. */
export function parseSourceMap(text: string): SourceMap | undefined {
  try {
    const { sources, sourceRoot, mappings } = JSON.parse(text) as Partial<Record<string, unknown>>
    if (!Array.isArray(sources) || typeof mappings !== 'string') return undefined
    const root = typeof sourceRoot === 'string' && sourceRoot !== '' ? `${sourceRoot.replace(/\/$/, '')}/` : ''
    return { sources: sources.map((source) => root + String(source)), lines: decodeMappings(mappings) }
  } catch {
    return undefined
  }
}

/** The last mapping that begins at or before the place, as debuggers take it. */
export function originalPosition({ sources, lines }: SourceMap, line: number, column: number): Position | undefined {
  const found = lines[line]?.findLast(([start]) => start <= column)
  const source = found && sources[found[1]]
  return source === undefined ? undefined : { source, line: found?.[2] ?? 0, column: found?.[3] ?? 0 }
}

function decodeMappings(mappings: string): SourceMap['lines'] {
  let [source, line, column] = [0, 0, 0]
  return mappings.split(';').map((text) => {
    let generated = 0
    const segments: SourceMap['lines'][number] = []
    for (const part of text === '' ? [] : text.split(',')) {
      const [toGenerated = 0, toSource, toLine = 0, toColumn = 0] = decodeNumbers(part)
      generated += toGenerated
      if (toSource === undefined) continue
      source += toSource
      line += toLine
      column += toColumn
      segments.push([generated, source, line, column])
    }
    return segments.sort(([a], [b]) => a - b)
  })
}

const digits = new Map(
  [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].map((digit, at) => [digit, at]),
)

/** Base 64, five bits each, the lowest first; the sixth says that more follow, the lowest of all is the sign. */
function decodeNumbers(text: string): number[] {
  const numbers: number[] = []
  let [value, shift] = [0, 0]
  for (const letter of text) {
    const digit = digits.get(letter) ?? 0
    value += (digit & 31) * 2 ** shift
    shift += 5
    if (digit & 32) continue
    numbers.push(value % 2 === 1 ? -Math.floor(value / 2) : value / 2)
    ;[value, shift] = [0, 0]
  }
  return numbers
}
