/**
 * Processes that a call started and that left the slot's process group (`detached: true`, `setsid`; browsers are started
 * like that). Killing the group does not reach them, so a slot's death looks for them by what they inherited: the id of
 * the slot's process in their environment (P8). Linux only: elsewhere nobody may read another process's environment.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { isAlive, killGroup } from '@burla/processes'

export const slotIdVariable = 'BURLA_SLOT_ID'

/** A stray that is just starting another one is found in the next look. */
const looks = 5

let ids = new Set<string>()
let sweeping: Promise<void> | undefined

/** Kills the strays of a slot's process. Slots that die in the same turn of the event loop share one look at /proc. */
export function killStrays(slotId: string): Promise<void> {
  if (process.platform !== 'linux') return Promise.resolve()
  ids.add(slotId)
  sweeping ??= new Promise((resolve) => {
    setImmediate(() => {
      const wanted = ids
      ids = new Set()
      sweeping = undefined
      for (let look = 0; look < looks && sweep(wanted) > 0; look++);
      resolve()
    })
  })
  return sweeping
}

/** How many were found. */
function sweep(slotIds: ReadonlySet<string>): number {
  const strays = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => slotIds.has(slotIdOf(pid)))
  for (const pid of strays) {
    killGroup(pid)
    if (isAlive(pid)) process.kill(pid, 'SIGKILL')
  }
  return strays.length
}

function slotIdOf(pid: number): string {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, 'latin1')
    return /(?:^|\0)BURLA_SLOT_ID=([^\0]+)/.exec(environment)?.[1] ?? ''
  } catch {
    // It has just ended, or belongs to another user: not one of ours.
    return ''
  }
}
