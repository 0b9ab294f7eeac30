/**
 * What a cluster left on this machine, by /proc and the temp folder (P8). A process belongs to a cluster when the
 * cluster's folder is its working directory, in its command line or in its environment.
 */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'

export interface FoundProcess {
  pid: number
  command: string
}

/** All live processes (zombies are none) that mention `marker`, except this one. */
export function processesWithMarker(marker: string): FoundProcess[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const found = pids.filter((pid) => Number(pid) !== process.pid && !isZombie(pid) && mentions(pid, marker))
  return found.map((pid) => ({ pid: Number(pid), command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim() }))
}

/** Sentences about what is left; empty when all is gone. `pids`: processes that must be gone too. */
export function leftovers({ folder, pids = [] }: { folder: string; pids?: number[] }): string[] {
  const marked = processesWithMarker(folder)
  const alive = pids.filter((pid) => existsSync(`/proc/${pid}`) && !isZombie(String(pid)))
  return [
    ...marked.map(({ pid, command }) => `process ${pid}: ${command}`),
    ...alive.filter((pid) => !marked.some((other) => other.pid === pid)).map((pid) => `process ${pid}`),
    ...(existsSync(folder) ? [`folder ${folder}: ${readdirSync(folder).join(', ')}`] : []),
  ]
}

function mentions(pid: string, marker: string): boolean {
  const texts = [read(`/proc/${pid}/cmdline`), read(`/proc/${pid}/environ`), readLink(`/proc/${pid}/cwd`)]
  return texts.some((text) => text.includes(marker))
}

function isZombie(pid: string): boolean {
  const state = read(`/proc/${pid}/stat`).split(') ').at(-1)?.[0]
  return state === undefined || state === 'Z' || state === 'X'
}

/** A process may end while it is looked at; then it says nothing. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
