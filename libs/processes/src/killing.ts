/** Ending processes, always by id. A process that is gone already is what was asked for, so that is no error. */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

/** Sends `signal` to the process group led by `pid`: the process and all its descendants that stayed in the group. */
export function killGroup(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  send(-pid, signal)
}

export function isAlive(pid: number): boolean {
  return send(pid, 0)
}

export function isGroupAlive(pid: number): boolean {
  return send(-pid, 0)
}

/** Kills the group of a process that need not be a child of this one, and resolves when none of it runs any more. */
export async function endGroup(pid: number): Promise<void> {
  killGroup(pid)
  while (isGroupAlive(pid) && hasRunningMember(pid)) await delay(2)
}

/** A dead process stays in its group until its parent has asked for its exit code; only Linux tells the difference. */
function hasRunningMember(group: number): boolean {
  if (process.platform !== 'linux') return true
  return readdirSync('/proc').some((name) => /^\d+$/.test(name) && isRunningIn(group, name))
}

function isRunningIn(group: number, pid: string): boolean {
  try {
    // After the command in parentheses: state, parent, group.
    const [state, , pgrp] = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? []
    return Number(pgrp) === group && state !== 'Z' && state !== 'X'
  } catch {
    // It has just ended.
    return false
  }
}

function send(target: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(target, signal)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ESRCH') return false
    // macOS says EPERM of a group in which only zombies are left.
    if (code === 'EPERM' && target < 0) return false
    throw error
  }
}
