/** Runners as processes of this machine: a process group each, watched by the agent's reaper. */
import { startPart, type PartMessage, type Reaper } from '@burla/processes'
import type { RunnerHost } from './runner-host.ts'

export function processHost({ entry, reaper }: { entry: string; reaper: Reaper }): RunnerHost {
  return {
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
        get alive() {
          return alive
        },
        exited: part.exited,
        send: (message) => part.send(message),
        onMessage: (to) => (listener = to),
        stop: (graceMs) => part.stop(graceMs),
        kill: () => part.kill(),
      }
    },
  }
}
