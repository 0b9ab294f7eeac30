/**
 * A runner: started warm by its node's agent, it waits for one job, serves it, and ends. It holds no credentials before
 * it serves and is never used for a second job (P9).
 *
 * Messages from the agent: `serve` (once), `drain`, `cancel`. To the agent: `ready`, `serving`, `load` (at least every
 * 2 s: silence means that the runner is frozen), `served`. Its stdin's end means that the agent is gone: it stops.
 */
import { runPart, startReaper, type Reaper } from '@burla/processes'
import { BurlaError, heartbeatEveryMs, type JobCredentials, type Line } from '@burla/protocol'
import { pause } from '@burla/queue'
import '@burla/queue/source'
import { rehearse } from './rehearsal.ts'
import { createSlotPool } from './slots/index.ts'
import type { ServeEnd } from './serving/ending.ts'
import { startServing, type Load, type ServeOptions, type Serving } from './serving/serving.ts'

export interface RunnerConfig {
  /** slots to keep warm */
  slots: number
  /** a job to practise on */
  rehearsal: JobCredentials | null
  /** alone in a container */
  contained?: boolean
}

interface WatchedSlots extends Pick<Reaper, 'watch' | 'forget'> {
  /** those that are there already; of later ones the agent is told */
  begin(): number[]
}

export type ToRunner = ({ type: 'serve' } & ServeOptions) | { type: 'drain' } | { type: 'cancel' }

export type FromRunner =
  /** a slot's process leads a group of its own: whoever ends the runner ends that too */
  | { type: 'slotStarted' | 'slotEnded'; pid: number }
  | { type: 'serving'; runnerId: string }
  | ({ type: 'load' } & Load)
  | { type: 'served'; end: ServeEnd }
  /** the job cannot be served by anybody: its function is gone */
  | { type: 'unservable'; reason: string }

const loadEveryMs = 100
/** The end of a container is the end of all in it. */
const unwatched: WatchedSlots = { watch: () => undefined, forget: () => undefined, begin: () => [] }

runPart<RunnerConfig>(async ({ slots, rehearsal, contained = false }, { signal, ready, say, onMessage }) => {
  let onLines: (lines: Line[]) => void = () => undefined
  const tell = (message: FromRunner) => say(message)
  const watched = contained ? unwatched : watchedSlots(tell)
  // The environment of a container is its image's, and meant for what runs there.
  const env = contained ? (process.env as Record<string, string>) : {}
  await using pool = createSlotPool({ size: slots, reaper: watched, env, onLines: (l) => onLines(l) })
  const asked = new Promise<ServeOptions | undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined))
    onMessage((raw) => {
      const message = raw as ToRunner
      if (message.type === 'serve') resolve(message)
      else if (message.type === 'drain') wish = 'drain'
      else wish = 'cancel'
      if (serving) grant(serving)
    })
  })
  /** what the agent asked for, perhaps before serving had begun */
  let wish: 'drain' | 'cancel' | undefined
  let serving: Serving | undefined
  function grant(to: Serving): void {
    if (wish === 'drain') to.drain()
    if (wish === 'cancel') to.stop('cancelled')
  }

  await Promise.all([pool.ready(), rehearsal && rehearse(rehearsal)])
  ready({ slots: watched.begin() })
  const options = await asked
  if (!options) return
  try {
    serving = await startServing(options, {
      pool,
      onTrouble: (error) => console.error(`runner: ${error.message}`),
      forwardLines: (to) => (onLines = to),
    })
  } catch (error) {
    if (!(error instanceof BurlaError)) throw error
    tell({ type: 'unservable', reason: error.message })
    return
  }
  tell({ type: 'serving', runnerId: serving.runnerId })
  grant(serving)
  const stop = () => serving?.stop('stopped')
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()

  const ended = new AbortController()
  void reportLoad(serving, tell, ended.signal)
  const end = await serving.served
  ended.abort()
  tell({ type: 'served', end })
})

/**
 * Slots that outlive this process are killed twice: by its reaper, and by the agent, which waits for their end. So the
 * agent hears of each slot before any call runs in it: the first ones with `ready`, the others one by one.
 */
function watchedSlots(tell: (message: FromRunner) => void): WatchedSlots {
  const reaper = startReaper({ graceMs: 0 })
  const first = new Set<number>()
  let begun = false
  return {
    watch(pid) {
      reaper.watch(pid)
      if (begun) tell({ type: 'slotStarted', pid })
      else first.add(pid)
    },
    forget(pid) {
      reaper.forget(pid)
      if (begun) tell({ type: 'slotEnded', pid })
      else first.delete(pid)
    },
    begin() {
      begun = true
      return [...first]
    },
  }
}

/** Tells the load when it has changed, and every 2 s. */
async function reportLoad(serving: Serving, tell: (m: FromRunner) => void, signal: AbortSignal): Promise<void> {
  let told = ''
  let toldAt = 0
  while (!signal.aborted) {
    const load = serving.load()
    const text = JSON.stringify(load)
    if (text !== told || Date.now() - toldAt >= heartbeatEveryMs) {
      told = text
      toldAt = Date.now()
      tell({ type: 'load', ...load })
    }
    await pause(loadEveryMs, signal)
  }
}
