/**
 * Bytes of one stream of a slot in, whole lines out. A line feed is never part of another UTF-8 character, so bytes are
 * cut at line feeds and decoded only as whole lines: a character that was split over two chunks arrives whole.
 */
const lineFeed = 10

/** A line longer than this is delivered in pieces, so that a slot that prints no line feed stays bounded (P6). */
const longestLineBytes = 1024 * 1024

export class LineSplitter {
  #rest: Buffer[] = []
  #restBytes = 0

  /** The lines that end in `chunk`, without their line ends. */
  push(chunk: Buffer): string[] {
    const end = chunk.lastIndexOf(lineFeed)
    if (end === -1) {
      this.#keep(chunk)
      return this.#restBytes > longestLineBytes ? this.#cutLongLine() : []
    }
    const whole = this.#restBytes > 0 ? Buffer.concat([...this.#rest, chunk.subarray(0, end)]) : chunk.subarray(0, end)
    this.#rest = []
    this.#restBytes = 0
    if (end + 1 < chunk.length) this.#keep(chunk.subarray(end + 1))
    return whole.toString().split('\n').map(withoutReturn)
  }

  /** The unfinished last line, if there is one. */
  flush(): string[] {
    if (this.#restBytes === 0) return []
    const last = Buffer.concat(this.#rest)
    this.#rest = []
    this.#restBytes = 0
    return [withoutReturn(last.toString())]
  }

  #keep(bytes: Buffer): void {
    this.#rest.push(bytes)
    this.#restBytes += bytes.length
  }

  #cutLongLine(): string[] {
    const line = Buffer.concat(this.#rest)
    const end = characterBoundary(line)
    this.#rest = []
    this.#restBytes = 0
    if (end < line.length) this.#keep(line.subarray(end))
    return [line.toString('utf8', 0, end)]
  }
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}

/** The end of the last whole UTF-8 character of `bytes`. */
function characterBoundary(bytes: Buffer): number {
  let start = bytes.length - 1
  while (start > bytes.length - 4 && isContinuation(bytes[start] as number)) start--
  const first = bytes[start] as number
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1
  return start + length > bytes.length ? start : bytes.length
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80
}
