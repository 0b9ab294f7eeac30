/**
 * Whether the kernel has killed a process of ours for want of memory. It does not say so to the parent: a SIGKILL is a
 * SIGKILL. But it counts: for the control group (of a container, or of a service), else for the whole machine.
 */
import { readFileSync } from 'node:fs'

export interface OomKills {
  /** To be asked once for each process that a SIGKILL has ended: true while there are kills that nobody has asked for. */
  claim(): boolean
}

/** `root`: of the file system, for tests. */
export function watchOomKills(root = '/'): OomKills {
  let claimed = countKills(root)
  return {
    claim() {
      if (countKills(root) <= claimed) return false
      claimed++
      return true
    },
  }
}

/** 0 where nobody counts: on anything but Linux. */
function countKills(root: string): number {
  for (const file of counters(root)) {
    const count = /^oom_kill (\d+)$/m.exec(read(`${root}${file}`))?.[1]
    if (count !== undefined) return Number(count)
  }
  return 0
}

/** Version 2 of control groups, then version 1; a container sees its own at the root, whatever its path is. */
function* counters(root: string): Generator<string> {
  const groups = read(`${root}proc/self/cgroup`)
  const v2 = /^0::\/?(.*)$/m.exec(groups)?.[1]
  const v1 = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:\/?(.*)$/m.exec(groups)?.[1]
  for (const path of [v2, '']) if (path !== undefined) yield `sys/fs/cgroup/${path}/memory.events`
  for (const path of [v1, '']) if (path !== undefined) yield `sys/fs/cgroup/memory/${path}/memory.oom_control`
  yield 'proc/vmstat'
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
