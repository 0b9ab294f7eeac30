/**
 * What a job's results stream carries: results of inputs, and lines that their calls printed. A stream entry holds a
 * batch of them in two fields: `h`, JSON of `[codec version, ...heads]`, and `v`, payloads, one after another, as the
 * slots wrote them. A head is `[payload length, header]`, or `[payload length, header, name]` where the payload is so
 * large that it is beside the stream, under that name.
 */
import { checkCodec } from './codec-version.ts'

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

/** As it stands in the stream: a large payload is still to be fetched. */
export type BatchEntry = ResultEntry | { header: ResultHeader; name: string; bytes: number }

export function encodeHeader(header: ResultHeader | LinesHeader): string {
  return JSON.stringify(header)
}

type Head = [bytes: number, header: ResultHeader | LinesHeader] | [bytes: number, header: ResultHeader, name: string]

/** @throws BurlaError CODEC_UNKNOWN */
export function decodeHeads(h: string): Head[] {
  const [version, ...heads] = JSON.parse(h) as [number, ...Head[]]
  checkCodec(version, { what: 'a batch of results', from: 'cluster' })
  return heads
}

/** @throws BurlaError CODEC_UNKNOWN */
export function decodeBatch(h: Buffer, v: Buffer): BatchEntry[] {
  let at = 0
  return decodeHeads(h.toString()).map((head): BatchEntry => {
    if (head.length === 3) return { bytes: head[0], header: head[1], name: head[2] }
    const [length, header] = head
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
