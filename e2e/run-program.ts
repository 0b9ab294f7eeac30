/** Runs a small program that uses `burla`, as a user would: `node program.ts`, in a folder of its own. */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { processesWithMarker, until } from '@burla/testkit'
import { expect } from 'vitest'
import { nodeArgs, nodeModules, textOfProgram } from './under-test.ts'

export interface RunningProgram extends AsyncDisposable {
  readonly pid: number
  /** its working directory */
  readonly folder: string
  /** so far */
  readonly stdout: string
  readonly stderr: string
  /** Resolves when it has ended, with its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>
  signal(name: NodeJS.Signals): void
  /** P8: of all that it started no process, and of all that it made no socket, folder or file is left. */
  expectNothingLeft(): Promise<void>
}

export function runProgram(source: string, env: Record<string, string> = {}, args: string[] = []): RunningProgram {
  const folder = mkdtempSync(join(tmpdir(), 'burla-test-'))
  const ownTmpdir = join(folder, 'tmp')
  mkdirSync(ownTmpdir)
  mkdirSync(join(folder, 'work'))
  writeFileSync(join(folder, 'work', 'program.ts'), textOfProgram(source))
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ type: /^ *import /m.test(source) ? 'module' : 'commonjs' }),
  )
  symlinkSync(nodeModules, join(folder, 'node_modules'))
  // Everything that it starts is known by this TMPDIR, which the parts are given too.
  const child = spawn(process.execPath, [...nodeArgs, 'program.ts', ...args], {
    cwd: join(folder, 'work'),
    env: { PATH: process.env.PATH, HOME: folder, TMPDIR: ownTmpdir, TSX_DISABLE_CACHE: '1', ...whichCluster(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text))
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal))
  })

  const expectNothingLeft = async () => {
    const look = () => {
      expect(processesWithMarker(folder)).toEqual([])
      expect(readdirSync(ownTmpdir).filter((name) => !isCache(name))).toEqual([])
      expect(readdirSync(join(folder, 'work'))).toEqual(['program.ts'])
      return true
    }
    await until('nothing of the program is left', look, { timeoutMs: 10_000 })
  }

  return {
    pid: child.pid ?? 0,
    folder: join(folder, 'work'),
    get stdout() {
      return output.stdout
    },
    get stderr() {
      return output.stderr
    },
    ended,
    signal: (name) => child.kill(name),
    expectNothingLeft,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
      await until('its processes are gone', () => processesWithMarker(folder).length === 0)
      rmSync(folder, { recursive: true })
    },
  }
}

/** Compiled code that Node keeps for the next start, like a browser's cache. */
function isCache(name: string): boolean {
  return /compile-cache/.test(name)
}

/** Of the tests that run against another cluster than an embedded one. */
function whichCluster(): NodeJS.ProcessEnv {
  const { BURLA_CLUSTER_URL, BURLA_TOKEN } = process.env
  return BURLA_CLUSTER_URL === undefined ? {} : { BURLA_CLUSTER_URL, BURLA_TOKEN }
}
