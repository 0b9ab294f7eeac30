/**
 * The child's side of a part. Its parent holds two pipes, both with one JSON document per line:
 *   stdin   first the part's config, then messages of the parent; its end means: stop now
 *   stdout  `{"type":"ready",...}` once, when the part is up, then messages to the parent
 * stderr is for log lines. A config on stdin keeps secrets out of argv and environment.
 */
import { eachLine } from './lines.ts'

export interface PartLink {
  /** Aborted when the parent wants the part to end or is gone, and by SIGTERM and SIGINT. */
  readonly signal: AbortSignal
  /** Says that the part is up; `details` travel with it. */
  ready(details?: Record<string, unknown>): void
  /** Sends a message to the parent. */
  say(message: unknown): void
  /** Sets the one listener of the parent's messages; those that came earlier are delivered first. */
  onMessage(listener: (message: unknown) => void): void
}

/** After the abort of `signal`, `main` has this long before the process ends anyway. */
const forcedExitMs = 5_000

/** Runs `main` and ends the process when it is done: with 0 when it resolved, with 1 when it rejected or overstayed. */
export function runPart<Config>(
  main: (config: Config, link: PartLink) => Promise<void>,
  options: { forcedExitMs?: number } = {},
): void {
  const stopping = new AbortController()
  const early: unknown[] = []
  let listener: ((message: unknown) => void) | undefined
  let started = false

  const say = (message: unknown): void => {
    process.stdout.write(`${JSON.stringify(message)}\n`)
  }
  const link: PartLink = {
    signal: stopping.signal,
    say,
    ready: (details = {}) => say({ ...details, type: 'ready' }),
    onMessage(next) {
      listener = next
      for (const message of early.splice(0)) next(message)
    },
  }
  const stop = (): void => {
    if (!started) process.exit(0)
    if (stopping.signal.aborted) return
    setTimeout(() => end(1, 'did not stop in time; ended by force'), options.forcedExitMs ?? forcedExitMs)
    stopping.abort()
  }

  eachLine(process.stdin, (line) => {
    const message: unknown = JSON.parse(line)
    if (!started) {
      started = true
      main(message as Config, link).then(
        () => end(0),
        (error: unknown) => end(1, error),
      )
    } else if (listener === undefined) early.push(message)
    else listener(message)
  })
  process.stdin.once('end', stop)
  process.stdin.once('error', stop)
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  // The parent is gone; the end of stdin says the same.
  process.stdout.on('error', stop)
}

function end(code: number, why?: unknown): never {
  if (why !== undefined) console.error(why)
  process.exit(code)
}
