/**
 * The parent's side of a part: start it, wait until it is up. The wire is described in `run-part.ts`; it is the same
 * whatever the part runs in, so `untilReady` leaves opening it to others.
 */
import { awakeTimeout, BurlaError } from '@burla/protocol'
import { spawnPart, type PartExit, type PartProcess } from './part-process.ts'
import type { Reaper } from './reaper.ts'

export interface WireOptions {
  /** what it is called in errors: `api`, `agent of node-1` */
  name: string
  /** the first line on its stdin */
  config: unknown
  /** the part has this long to say that it is ready; default 15 s */
  readyWithinMs?: number
  /** gives up a part that is not ready yet */
  signal?: AbortSignal
  /** a log line: stderr, and what is no message on stdout */
  onLine?: (line: string) => void
  /** a message after the ready one */
  onMessage?: (message: PartMessage) => void
}

export interface PartOptions extends WireOptions {
  /** absolute path of its main file */
  entry: string
  /** added to the clean environment */
  env?: Record<string, string>
  /** options for Node, before the entry */
  nodeArgs?: string[]
  /** its working directory; default: this process's */
  cwd?: string
  /** kills the part when this process dies */
  reaper?: Reaper
  onExit?: (exit: PartExit) => void
}

export type PartMessage = Record<string, unknown>

export interface Part extends PartProcess {
  /** its ready message */
  readonly ready: PartMessage
}

interface Endable {
  readonly exited: Promise<{ code: number | null; signal: string | null; lastLines: string[] }>
  kill(): Promise<unknown>
}

/** Resolves when the part is ready; rejects, with its last log lines, when it ends before or is silent for too long. */
export function startPart(options: PartOptions): Promise<Part> {
  return untilReady(options, (onStdout) => spawnPart(options, onStdout))
}

/** What `open` opens gets the config from it, and hands it the lines of its stdout: the reply says false of a log line. */
export async function untilReady<Opened extends Endable>(
  options: WireOptions,
  open: (onStdout: (line: string) => boolean) => Promise<Opened>,
): Promise<Opened & { readonly ready: PartMessage }> {
  const { name, signal, readyWithinMs = 15_000 } = options
  let ready: PartMessage | undefined
  let onReady: () => void
  const whenReady = new Promise<void>((resolve) => (onReady = resolve))

  const part = await open((line) => {
    const message = parseMessage(line)
    if (message === undefined) return false
    if (ready !== undefined) options.onMessage?.(message)
    else if (message['type'] !== 'ready') return false
    else {
      ready = message
      onReady()
    }
    return true
  })

  let killedBecause: string | undefined
  const giveUp = (why: string): void => {
    killedBecause ??= why
    void part.kill()
  }
  const onAbort = (): void => giveUp('was stopped before it was ready')
  const stopWaiting = awakeTimeout(readyWithinMs, () => giveUp(`was not ready after ${readyWithinMs} ms`))
  signal?.addEventListener('abort', onAbort, { once: true })
  if (signal?.aborted) onAbort()

  const exit = await Promise.race([whenReady, part.exited])
  stopWaiting()
  signal?.removeEventListener('abort', onAbort)
  if (ready !== undefined && killedBecause === undefined) return { ...part, ready }

  const { code, signal: by, lastLines } = exit ?? (await part.exited)
  const what = killedBecause ?? `ended with ${by ?? `exit code ${code}`} before it was ready`
  const tail = lastLines.length === 0 ? '' : ` Its last lines:\n${lastLines.join('\n')}`
  throw new BurlaError('CLUSTER_START_FAILED', `${name} ${what}.${tail}`)
}

function parseMessage(line: string): PartMessage | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    return JSON.parse(line) as PartMessage
  } catch {
    return undefined
  }
}
