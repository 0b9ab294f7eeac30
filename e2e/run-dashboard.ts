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
  start(...args: string[]): RunningDashboard
}

export interface RunningDashboard {
  readonly pid: number
  /** so far */
  readonly stdout: string
  readonly stderr: string
  readonly ended: Promise<number | NodeJS.Signals | null>
  signal(name: NodeJS.Signals): void
  /** Resolves with its address when it is up. */
  url(): Promise<string>
}

export function dashboardData(): DashboardData {
  const own = mkdtempSync(join(tmpdir(), 'burla-test-'))
  mkdirSync(join(own, 'tmp'))
  const env = { PATH: process.env.PATH ?? '', HOME: own, XDG_DATA_HOME: join(own, 'data'), TMPDIR: join(own, 'tmp') }
  const sharedDir = join(own, 'data/burla/cluster/shared')
  const running: RunningDashboard[] = []
  return {
    env,
    sharedDir,
    sharedLines(name) {
      if (!readdirSync(sharedDir).includes(name)) return []
      return readFileSync(join(sharedDir, name), 'utf8').trimEnd().split('\n')
    },
    start(...args) {
      const started = run([command, 'dashboard', ...args], env)
      running.push(started)
      return started
    },
    async [Symbol.asyncDispose]() {
      for (const { signal } of running) signal('SIGKILL')
      await until('its processes are gone', () => processesWithMarker(own).length === 0)
      rmSync(own, { recursive: true })
    },
  }
}

function run(args: string[], env: Record<string, string>): RunningDashboard {
  const child = spawn(process.execPath, args, { env, cwd: env['HOME'], stdio: ['ignore', 'pipe', 'pipe'] })
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
    async url() {
      const look = () => /http:\/\/127\.0\.0\.1:\d+/.exec(output.stdout)?.[0]
      return until('the dashboard is up', look, { timeoutMs: 30_000 })
    },
  }
}
