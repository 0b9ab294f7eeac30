/**
 * What the function prints, in the caller's terminal: line by line, each tagged with its input when the job has more
 * than one. A line that may have been seen before (a further attempt, or the first one was lost) says so.
 */
import type { Line } from '@burla/protocol'
import type { Display, OutputName } from './display.ts'

export interface PrintingOptions {
  /** false for a job with a single input */
  tagged: boolean
}

/** Lines of the same stream that follow each other are written at once. */
export function printLines(display: Display, lines: Line[], options: PrintingOptions): void {
  let stream: OutputName | undefined
  let text = ''
  for (const line of lines) {
    if (stream !== undefined && line.stream !== stream) {
      display.print(stream, text)
      text = ''
    }
    stream = line.stream
    text += `${lineText(line, options)}\n`
  }
  if (stream !== undefined) display.print(stream, text)
}

export function lineText({ index, text, run }: Line, { tagged }: PrintingOptions): string {
  const tags = [...(tagged && index >= 0 ? [String(index)] : []), ...(run > 1 ? [`run ${run}`] : [])]
  return tags.length > 0 ? `[${tags.join(', ')}] ${text}` : text
}
