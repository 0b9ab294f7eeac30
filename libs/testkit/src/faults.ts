/** Harm done to real processes, always by pid. */
import { killGroup } from '@burla/processes'

/** Kills one process, as an out-of-memory killer would: no handler runs, its children live on. */
export function kill9(pid: number): void {
  process.kill(pid, 'SIGKILL')
}

/** The whole process group of `pid` stands still, as on a laptop that sleeps. */
export function freeze(pid: number): void {
  killGroup(pid, 'SIGSTOP')
}

export function thaw(pid: number): void {
  killGroup(pid, 'SIGCONT')
}
