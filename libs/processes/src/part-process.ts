/** The process of a part: its group, its pipes, its end. Whatever ends it, what is left of its group is killed. */
import { spawn } from 'node:child_process'
import { BurlaError } from '@burla/protocol'
import { cleanEnvironment } from './environment.ts'
import { killGroup } from './killing.ts'
import { eachLine } from './lines.ts'
import type { PartOptions } from './start-part.ts'

export interface PartExit {
  code: number | null
  signal: NodeJS.Signals | null
  /** the last lines of its log */
  lastLines: string[]
}

export interface PartProcess {
  readonly name: string
  readonly pid: number
  /** Resolves when the process is gone, its group is killed and its last log line was read. */
  readonly exited: Promise<PartExit>
  /** Sends a message; without effect when the part has ended. */
  send(message: unknown): void
  /** Closes its stdin, which asks it to end, and kills its group after `graceMs` (default 5 s). Resolves when it is gone. */
  stop(graceMs?: number): Promise<PartExit>
  /** Kills its group now. */
  kill(): Promise<PartExit>
  /** Whether this process waits for the part before it ends by itself; it does at first. */
  ref(): void
  unref(): void
}

const keptLines = 20
/** A stranger that inherited the pipes may hold them open after the part's death; it is not waited for longer. */
const lastBytesWithinMs = 1_000

/** Spawns the process and sends its config. `onStdout` gets its lines and says false of one that is only a log line. */
export async function spawnPart(options: PartOptions, onStdout: (line: string) => boolean): Promise<PartProcess> {
  const { name, reaper } = options
  const child = spawn(process.execPath, [...(options.nodeArgs ?? []), options.entry], {
    detached: true,
    env: cleanEnvironment(options.env),
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  })
  const { pid } = child
  if (pid === undefined) {
    const cause = await new Promise<Error>((resolve) => child.once('error', resolve))
    throw new BurlaError('CLUSTER_START_FAILED', `${name} could not be started: ${cause.message}`, { cause })
  }
  reaper?.watch(pid)

  const lastLines: string[] = []
  const log = (line: string): void => {
    if (lastLines.push(line) > keptLines) lastLines.shift()
    options.onLine?.(line)
  }
  let gone = false
  const exited = new Promise<PartExit>((resolve) => {
    child.once('exit', (code, signal) => {
      gone = true
      killGroup(pid)
      reaper?.forget(pid)
      const finish = (): void => {
        clearTimeout(timer)
        const exit = { code, signal, lastLines }
        options.onExit?.(exit)
        resolve(exit)
      }
      const timer = setTimeout(() => child.stdout.destroy() && child.stderr.destroy(), lastBytesWithinMs)
      child.once('close', finish)
    })
  })
  eachLine(child.stderr, log)
  eachLine(child.stdout, (line) => {
    if (!onStdout(line)) log(line)
  })
  // Writing to a part that has ended: its exit says all there is to say.
  child.stdin.on('error', () => undefined)
  const send = (message: unknown): void => {
    if (child.stdin.writable) child.stdin.write(`${JSON.stringify(message)}\n`)
  }
  const kill = (): Promise<PartExit> => {
    if (!gone) killGroup(pid)
    return exited
  }
  send(options.config)

  // The types of the pipes do not say that they are sockets.
  const handles = [child, child.stdin, child.stdout, child.stderr] as unknown as { ref(): void; unref(): void }[]
  return {
    name,
    pid,
    exited,
    send,
    kill,
    stop(graceMs = 5_000) {
      const timer = setTimeout(() => void kill(), graceMs)
      child.stdin.end()
      return exited.finally(() => clearTimeout(timer))
    },
    ref: () => handles.forEach((handle) => handle.ref()),
    unref: () => handles.forEach((handle) => handle.unref()),
  }
}
