/**
 * What a job's results stream carries: results of inputs, and lines that their calls printed. A stream entry holds a
 * batch of them in two fields: `h`, JSON of `[payload length, header][]`, and `v`, the payloads, one after another, as the
 * slots wrote them.
 */
export interface ResultHeader {
  type: 'result'
  index: number
  /** ok: the payload is an encoded value; error: an encoded failure */
  status: 'ok' | 'error'
  attempts: number
  durationMs: number
  nodeId: string
  slot: number
}

export interface LinesHeader {
  type: 'lines'
  nodeId: string
}

/** `index` -1: printed outside of any call (while the function was loaded). The payload of `lines` is JSON of these. */
export interface Line {
  index: number
  stream: 'stdout' | 'stderr'
  text: string
  /** more than 1: printed by a further attempt, or after a loss */
  run: number
}

export type ResultEntry = { header: ResultHeader; payload: Buffer } | { header: LinesHeader; payload: Buffer }

export function encodeHeader(header: ResultHeader | LinesHeader): string {
  return JSON.stringify(header)
}

export function decodeBatch(h: Buffer, v: Buffer): ResultEntry[] {
  const heads = JSON.parse(h.toString()) as [number, ResultHeader | LinesHeader][]
  let at = 0
  return heads.map(([length, header]) => {
    const payload = v.subarray(at, at + length)
    at += length
    return { header, payload } as ResultEntry
  })
}

export function encodeLines(lines: Line[]): Buffer {
  return Buffer.from(
    JSON.stringify(lines.map((line) => [line.index, line.stream === 'stdout' ? 1 : 2, line.text, line.run])),
  )
}

export function decodeLines(payload: Buffer): Line[] {
  const rows = JSON.parse(payload.toString()) as [number, 1 | 2, string, number][]
  return rows.map(([index, stream, text, run]) => ({ index, stream: stream === 1 ? 'stdout' : 'stderr', text, run }))
}
