/** One process for good: pids are used again, but not with the same start. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

export interface ProcessIdentity {
  pid: number
  /** when it started, as this system writes it; only good for comparing */
  start: string
}

/** Undefined when there is no such process; one that has ended and is only a zombie is none. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const start = process.platform === 'linux' ? startByProc(pid) : startByPs(pid)
  return start === undefined ? undefined : { pid, start }
}

export function isRunning({ pid, start }: ProcessIdentity): boolean {
  return identifyProcess(pid)?.start === start
}

function startByProc(pid: number): string | undefined {
  try {
    // After the command in parentheses: the state as the first field, the start (in ticks since the boot) as the 20th.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

function startByPs(pid: number): string | undefined {
  try {
    const env = { PATH: process.env['PATH'] ?? '/bin:/usr/bin', LC_ALL: 'C' }
    const text = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { env, encoding: 'utf8' }).trim()
    const [state = 'Z', ...start] = text.split(/\s+/)
    return state.startsWith('Z') ? undefined : start.join(' ')
  } catch {
    return undefined
  }
}
