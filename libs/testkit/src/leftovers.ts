/** What a cluster left on this machine (P8), by /proc and the file system. Linux only, as the tests that kill are. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

/** A pid may be used again by another process; together with the start time it is one process for good. */
export interface SeenProcess {
  pid: number
  startedAt: string
  command: string
}

/** All live processes (zombies are none) that have `marker` in their command line, environment or working directory. */
export function processesWithMarker(marker: string): SeenProcess[] {
  return liveProcesses()
    .filter(({ pid }) => pid !== process.pid && mentions(pid, marker))
    .map(withoutParent)
}

/** `pid` and all its descendants as of now: parents, not groups or sessions, so reapers and runners are among them. */
export function familyOf(pid: number): SeenProcess[] {
  const all = liveProcesses()
  const family = new Set([pid])
  for (let before = 0; before < family.size;) {
    before = family.size
    for (const { pid: child, parent } of all) if (family.has(parent)) family.add(child)
  }
  return all.filter((one) => family.has(one.pid)).map(withoutParent)
}

/**
 * Sentences about what is left; empty when all is gone. `folder`: a path that nobody else on the machine names, and whoever
 * does name it counts; `family`: processes seen earlier that must be gone too.
 */
export function leftovers({ folder, family = [] }: { folder?: string; family?: SeenProcess[] }): string[] {
  const alive = liveProcesses().filter(({ pid, startedAt }) =>
    family.some((seen) => seen.pid === pid && seen.startedAt === startedAt),
  )
  const marked = folder === undefined ? [] : processesWithMarker(folder)
  const left = new Map([...marked, ...alive].map(({ pid, command }) => [pid, command]))
  const content = folder === undefined ? undefined : contentOf(folder)
  return [
    ...[...left].map(([pid, command]) => `process ${pid}: ${command}`),
    ...(content === undefined ? [] : [`folder ${folder}: ${content.join(', ')}`]),
  ]
}

/** The leftovers `timeoutMs` from now, or none as soon as there are none. */
export async function leftoversAfter(timeoutMs: number, what: Parameters<typeof leftovers>[0]): Promise<string[]> {
  const giveUpAt = Date.now() + timeoutMs
  for (;;) {
    const left = leftovers(what)
    if (left.length === 0 || Date.now() >= giveUpAt) return left
    await delay(50)
  }
}

interface LiveProcess extends SeenProcess {
  parent: number
}

function liveProcesses(): LiveProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      // After the command in parentheses: state, parent, ... and the start time as the 20th.
      const fields = read(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? []
      const [state, parent] = fields
      if (parent === undefined || state === 'Z' || state === 'X') return []
      const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim().slice(0, 200)
      return [{ pid: Number(pid), parent: Number(parent), startedAt: fields[19] ?? '', command }]
    })
}

function withoutParent({ pid, startedAt, command }: LiveProcess): SeenProcess {
  return { pid, startedAt, command }
}

function mentions(pid: number, marker: string): boolean {
  const texts = [read(`/proc/${pid}/cmdline`), read(`/proc/${pid}/environ`), readLink(`/proc/${pid}/cwd`)]
  return texts.some((text) => text.includes(marker))
}

/** undefined: it is gone, perhaps just now */
function contentOf(folder: string): string[] | undefined {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return undefined
  }
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
