/**
 * Runners that are started, warm and free of credentials, so that a claimed job starts in milliseconds. Each is used
 * for one job and ends with it. The place in the pool is filled again when that job has had the CPU for a while, or is
 * over: starting three processes beside it cost a short job half of its time.
 */
import { startPart, type Part, type PartMessage, type Reaper } from '@burla/processes'
import { pause } from '@burla/queue'
import type { JobCredentials } from '@burla/protocol'

export interface WarmRunner {
  part: Part
  /** false once it has ended, by itself or by somebody's hand */
  readonly alive: boolean
  /** messages of the runner, from now on */
  onMessage: (listener: (message: PartMessage) => void) => void
}

export interface WarmRunners {
  /** one is ready to be taken */
  readonly warm: boolean
  /** Resolves when one is ready; rejects when none can be started, with the reason of the last try. */
  take(): Promise<WarmRunner>
  /** The job of the one that was taken last is over: there is CPU for the next one now. */
  refill(): void
  /** An unused one comes back. */
  putBack(runner: WarmRunner): void
  close(): Promise<void>
}

interface WarmRunnersOptions {
  entry: string
  slots: number
  /** the job to practise on, once there is one: the first runner starts without, for a job may wait for it */
  rehearsal: () => JobCredentials | undefined
  reaper: Reaper
  signal: AbortSignal
  onLine: (line: string) => void
  /** `warm` has changed */
  onChange: () => void
}

const refillAfterMs = 250
const triesInARow = 3

export function createWarmRunners({
  entry,
  slots,
  rehearsal,
  reaper,
  signal,
  onLine,
  onChange,
}: WarmRunnersOptions): WarmRunners {
  let warm = false
  let hurry = new AbortController()
  let next: Promise<WarmRunner> = start()
  next.catch(() => undefined)

  async function start(): Promise<WarmRunner> {
    for (let tries = 1; ; tries++) {
      try {
        const runner = await startOne()
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

  async function startOne(): Promise<WarmRunner> {
    let listener: (message: PartMessage) => void = () => undefined
    const part = await startPart({
      name: 'runner',
      entry,
      config: { slots, rehearsal: rehearsal() ?? null },
      reaper,
      signal,
      onLine,
      onMessage: (message) => listener(message),
    })
    let alive = true
    void part.exited.then(() => (alive = false))
    return {
      part,
      get alive() {
        return alive
      },
      onMessage: (to) => (listener = to),
    }
  }

  function refillLater(): void {
    hurry = new AbortController()
    next = pause(refillAfterMs, AbortSignal.any([signal, hurry.signal])).then(start)
    next.catch(() => undefined)
  }

  return {
    get warm() {
      return warm
    },
    async take() {
      try {
        let runner = await next
        if (!runner.alive) runner = await start()
        warm = false
        return runner
      } finally {
        refillLater()
      }
    },
    refill: () => hurry.abort(),
    putBack(runner) {
      hurry.abort()
      const started = next
      next = Promise.resolve(runner)
      warm = runner.alive
      void started.then((extra) => extra.part.stop(0)).catch(() => undefined)
    },
    async close() {
      await next.then((runner) => runner.part.stop(1_000)).catch(() => undefined)
    },
  }
}
