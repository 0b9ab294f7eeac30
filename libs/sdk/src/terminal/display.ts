/**
 * The terminal, shared by all jobs of the program: their lines scroll past above, their progress lines stay at the
 * bottom. Whatever is printed goes out whole, and never into the middle of a progress line.
 */
export interface OutputStream {
  write(text: string): unknown
  isTTY?: boolean
  columns?: number
}

export type OutputName = 'stdout' | 'stderr'

export interface Display {
  /** A progress line can be drawn and drawn over. */
  readonly isTerminal: boolean
  print(stream: OutputName, text: string): void
  /** Draws the progress line of a job anew; `undefined` takes it away. */
  setProgress(jobId: string, line: string | undefined): void
}

const toLineStart = '\r'
const eraseLine = '\u001b[2K'
const lineUp = '\u001b[1A'

export function createDisplay(streams: Record<OutputName, OutputStream>): Display {
  const { stderr } = streams
  const progress = new Map<string, string>()
  let drawn = 0

  function erased(): string {
    const text = drawn === 0 ? '' : toLineStart + eraseLine + (lineUp + eraseLine).repeat(drawn - 1)
    drawn = 0
    return text
  }

  function drawing(): string {
    drawn = progress.size
    const width = (stderr.columns || 80) - 1 // some terminals do not know, and say 0
    return [...progress.values()].map((line) => line.slice(0, width)).join('\n')
  }

  return {
    isTerminal: stderr.isTTY === true,
    print(stream, text) {
      if (drawn === 0) {
        streams[stream].write(text)
        return
      }
      stderr.write(erased())
      streams[stream].write(text)
      stderr.write(drawing())
    },
    setProgress(jobId, line) {
      if (line === undefined) progress.delete(jobId)
      else progress.set(jobId, line)
      const text = erased() + drawing()
      if (text) stderr.write(text)
    },
  }
}

let shared: Display | undefined

export function programDisplay(): Display {
  return (shared ??= createDisplay({ stdout: process.stdout, stderr: process.stderr }))
}
