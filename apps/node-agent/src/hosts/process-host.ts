/**
 * Runners as processes of this machine. A runner and each of its slots lead process groups of their own; the reaper
 * watches them all, and a runner is gone only when its slots are: what they had may be given to others then.
 */
import { endGroup, startPart, startReaper, type Part, type PartMessage } from '@burla/processes'
import type { RunnerExit, RunnerHost } from './runner-host.ts'

export interface ProcessHostOptions {
  /** the runner's main file */
  entry: string
  folder: string
  sharedDir: string
}

/**
 * Values pass through a runner in buffers that V8 counts like its own heap: with the few MiB that it begins with, it would
 * collect at every dozen MiB that pass, which cost more than passing them.
 */
const runnerFlags = ['--initial-old-space-size=192']

export function processHost({ entry, folder, sharedDir }: ProcessHostOptions): RunnerHost {
  // Runners see the end of their stdin and give back what they hold; the reaper comes after those that cannot.
  const reaper = startReaper({ graceMs: 3_000 })
  return {
    containers: false,
    folder,
    sharedDir,
    async start({ slots, rehearsal, signal, onLine }) {
      let listener: (message: PartMessage) => void = () => undefined
      const slotGroups = new Set<number>()
      const part = await startPart({
        name: 'runner',
        entry,
        nodeArgs: runnerFlags,
        config: { slots, rehearsal },
        reaper,
        signal,
        onLine,
        onMessage(message) {
          if (message['type'] === 'slotStarted') watch(Number(message['pid']))
          else if (message['type'] === 'slotEnded') forget(Number(message['pid']))
          else listener(message)
        },
      })
      for (const pid of part.ready['slots'] as number[]) watch(pid)
      const exited = untilGone(part)
      let alive = true
      void part.exited.then(() => (alive = false))

      function watch(pid: number): void {
        slotGroups.add(pid)
        reaper.watch(pid)
      }

      function forget(pid: number): void {
        slotGroups.delete(pid)
        reaper.forget(pid)
      }

      async function untilGone({ exited: partExited }: Part): Promise<RunnerExit> {
        const exit = await partExited
        await Promise.all(Array.from(slotGroups, (pid) => endGroup(pid).then(() => forget(pid))))
        return exit
      }

      return {
        image: null,
        get alive() {
          return alive
        },
        exited,
        confine: () => Promise.resolve(),
        send: (message) => part.send(message),
        onMessage: (to) => (listener = to),
        stop: (graceMs) => part.stop(graceMs).then(() => exited),
        kill: () => part.kill().then(() => exited),
      }
    },
    close: () => Promise.resolve(),
  }
}
