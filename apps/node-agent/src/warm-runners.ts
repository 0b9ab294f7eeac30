/**
 * Runners that are started, warm and free of credentials, so that a claimed job starts in milliseconds. Each is used
 * for one job and ends with it. The place in the pool is filled again when that job has had the CPU for a while, or is
 * over: starting three processes beside it cost a short job half of its time.
 */
import { pause } from '@burla/queue'
import type { JobCredentials } from '@burla/protocol'
import type { HostedRunner, RunnerHost } from './hosts/runner-host.ts'

export interface WarmRunners {
  /** one is ready to be taken */
  readonly warm: boolean
  /** Resolves when one is ready; rejects when none can be started, with the reason of the last try. */
  take(): Promise<HostedRunner>
  /** The job of the one that was taken last is over: there is CPU for the next one now. */
  refill(): void
  /** An unused one comes back. */
  putBack(runner: HostedRunner): void
  close(): Promise<void>
}

export interface WarmRunnersOptions {
  host: RunnerHost
  slots: number
  /** the job to practise on, once there is one: the first runner starts without, for a job may wait for it */
  rehearsal: () => JobCredentials | undefined
  signal: AbortSignal
  onLine: (line: string) => void
  /** `warm` has changed */
  onChange: () => void
}

const refillAfterMs = 250
const triesInARow = 3
const tryAgainAfterMs = 3_000

export function createWarmRunners(options: WarmRunnersOptions): WarmRunners {
  const { host, slots, rehearsal, signal, onLine, onChange } = options
  let warm = false
  let hurry = new AbortController()
  let next = fill(0)

  async function start(): Promise<HostedRunner> {
    for (let tries = 1; ; tries++) {
      try {
        const runner = await host.start({ image: null, slots, rehearsal: rehearsal() ?? null, signal, onLine })
        warm = true
        onChange()
        return runner
      } catch (error) {
        if (signal.aborted || tries >= triesInARow) throw error
        onLine((error as Error).message)
        await pause(200 * 2 ** tries, signal)
      }
    }
  }

  /** What could not be started is tried again: whoever takes the next one shall not hear of what was wrong long ago. */
  function fill(afterMs: number): Promise<HostedRunner> {
    hurry = new AbortController()
    const filling = afterMs === 0 ? start() : pause(afterMs, AbortSignal.any([signal, hurry.signal])).then(start)
    filling.catch(() => {
      if (next === filling && !signal.aborted) next = fill(tryAgainAfterMs)
    })
    return filling
  }

  return {
    get warm() {
      return warm
    },
    async take() {
      hurry.abort()
      const taken = next
      try {
        const runner = await taken
        return runner.alive ? runner : await start()
      } finally {
        warm = false
        // One that could not be started is being tried again already.
        if (next === taken) next = fill(refillAfterMs)
      }
    },
    refill: () => hurry.abort(),
    putBack(runner) {
      const other = next
      hurry.abort()
      next = Promise.resolve(runner)
      warm = runner.alive
      void other.then((extra) => extra.stop(0)).catch(() => undefined)
    },
    async close() {
      await next.then((runner) => runner.stop(1_000)).catch(() => undefined)
    },
  }
}
