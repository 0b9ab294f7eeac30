/** Ending processes, always by id. A process that is gone already is what was asked for, so that is no error. */

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
