/** Runners as processes of this machine: a process group each, watched by the agent's reaper. */
import { startPart, startReaper, type PartMessage } from '@burla/processes'
import type { RunnerHost } from './runner-host.ts'

export interface ProcessHostOptions {
  /** the runner's main file */
  entry: string
  folder: string
  sharedDir: string
}

export function processHost({ entry, folder, sharedDir }: ProcessHostOptions): RunnerHost {
  // Runners see the end of their stdin and give back what they hold; the reaper comes after those that cannot.
  const reaper = startReaper({ graceMs: 3_000 })
  return {
    containers: false,
    folder,
    sharedDir,
    async start({ slots, rehearsal, signal, onLine }) {
      let listener: (message: PartMessage) => void = () => undefined
      const part = await startPart({
        name: 'runner',
        entry,
        config: { slots, rehearsal },
        reaper,
        signal,
        onLine,
        onMessage: (message) => listener(message),
      })
      let alive = true
      void part.exited.then(() => (alive = false))
      return {
        image: null,
        get alive() {
          return alive
        },
        exited: part.exited,
        confine: () => Promise.resolve(),
        send: (message) => part.send(message),
        onMessage: (to) => (listener = to),
        stop: (graceMs) => part.stop(graceMs),
        kill: () => part.kill(),
      }
    },
    close: () => Promise.resolve(),
  }
}
