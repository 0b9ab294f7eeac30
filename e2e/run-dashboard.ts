/** `burla dashboard` as a user starts it, with data of its own. */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { processesWithMarker, until } from '@burla/testkit'
import { command } from './under-test.ts'

export interface DashboardData extends AsyncDisposable {
  /** for every process that shall find the same cluster */
  readonly env: Record<string, string>
  /** what functions see as `shared/` */
  readonly sharedDir: string
  /** What its `shared/<name>` says, line by line; nothing when it is not there. */
  sharedLines(name: string): string[]
  start(...args: string[]): RunningCommand
  /** Any command of `burla`. */
  burla(...args: string[]): RunningCommand
  /** The same on a terminal of its own: what is typed goes to it, and stdout and stderr are one. */
  onTerminal(...args: string[]): RunningCommand
  /** The same with other variables. */
  with(more: Record<string, string>): Pick<DashboardData, 'burla'>
}

export interface RunningCommand {
  readonly pid: number
  /** so far */
  readonly stdout: string
  readonly stderr: string
  readonly ended: Promise<number | NodeJS.Signals | null>
  signal(name: NodeJS.Signals): void
  type(text: string): void
  /** Closes the reading end of its stdout. */
  closePipe(): void
  /** Of a dashboard: resolves with its address when it is up. */
  url(): Promise<string>
}

export function dashboardData(): DashboardData {
  const own = mkdtempSync(join(tmpdir(), 'burla-test-'))
  mkdirSync(join(own, 'tmp'))
  const env = { PATH: process.env.PATH ?? '', HOME: own, XDG_DATA_HOME: join(own, 'data'), TMPDIR: join(own, 'tmp') }
  const sharedDir = join(own, 'data/burla/cluster/shared')
  const running: RunningCommand[] = []
  const start = (program: string, args: string[], more: Record<string, string> = {}): RunningCommand => {
    const started = run(program, args, { ...env, ...more })
    running.push(started)
    return started
  }
  return {
    env,
    sharedDir,
    sharedLines(name) {
      if (!readdirSync(sharedDir).includes(name)) return []
      return readFileSync(join(sharedDir, name), 'utf8').trimEnd().split('\n')
    },
    start: (...args) => start(process.execPath, [command, 'dashboard', ...args]),
    burla: (...args) => start(process.execPath, [command, ...args]),
    onTerminal: (...args) =>
      start('script', ['-qfec', ['exec', process.execPath, command, ...args].join(' '), '/dev/null']),
    with: (more) => ({ burla: (...args) => start(process.execPath, [command, ...args], more) }),
    async [Symbol.asyncDispose]() {
      for (const { signal } of running) signal('SIGKILL')
      await until('its processes are gone', () => processesWithMarker(own).length === 0)
      rmSync(own, { recursive: true })
    },
  }
}

function run(program: string, args: string[], env: Record<string, string>): RunningCommand {
  const child = spawn(program, args, { env, cwd: env['HOME'], stdio: 'pipe' })
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text))
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal))
  })
  return {
    pid: child.pid ?? 0,
    get stdout() {
      return output.stdout
    },
    get stderr() {
      return output.stderr
    },
    ended,
    signal: (name) => child.kill(name),
    type: (text) => child.stdin.write(text),
    closePipe: () => child.stdout.destroy(),
    async url() {
      const look = () => /http:\/\/127\.0\.0\.1:\d+/.exec(output.stdout)?.[0]
      return until('the dashboard is up', look, { timeoutMs: 60_000 })
    },
  }
}
