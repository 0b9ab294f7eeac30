/**
 * A runner: started warm by its node's agent, it waits for the jobs of one tree, serves them, and ends. It holds no
 * credentials before it serves and is never used for a second tree (P9).
 *
 * Messages from the agent, about one job: `serve` (the first one has the warm slots), `drain`, `cancel`. To the agent:
 * `ready`, `serving`, `served`, and `load` of all jobs (at least every 2 s: silence means that the runner is frozen). Its
 * stdin's end means that the tree has no more for it, or that the agent is gone: it stops. It also stops when its
 * claim of a job was not renewed, for its agent may be frozen.
 */
import { totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import { runPart, startReaper, type Reaper } from '@burla/processes'
import { heartbeatEveryMs, type JobId, type LayerPlatform, type Line } from '@burla/protocol'
import { pause } from '@burla/queue'
import '@burla/queue/source'
import type { FromRunner, RunnerConfig, ToRunner } from './messages.ts'
import { rehearse } from './rehearsal.ts'
import { createRoom, type Room } from './serving/room.ts'
import { serveHere, type ServedHere } from './serving/served-here.ts'
import { createSlotPool } from './slots/index.ts'
import { watchOomKills } from './slots/oom-kills.ts'
import type { Memory } from './serving/memory.ts'

interface WatchedSlots extends Pick<Reaper, 'watch' | 'forget'> {
  /** those that are there already; of later ones the agent is told */
  begin(): number[]
}

const loadEveryMs = 100
const mib = 2 ** 20
/** The end of a container is the end of all in it. */
const unwatched: WatchedSlots = { watch: () => undefined, forget: () => undefined, begin: () => [] }

runPart<RunnerConfig>(async ({ slots, rehearsal, contained = false }, { signal, ready, say, onMessage }) => {
  const tell = (message: FromRunner) => say(message)
  const watched = contained ? unwatched : watchedSlots(tell)
  // The environment of a container is its image's, and meant for what runs there.
  const env = contained ? (process.env as Record<string, string>) : {}
  const oomKills = watchOomKills()
  const memory = memoryOfSlots(contained)
  const createPool = (size: number) => {
    let onLines: (lines: Line[]) => void = () => undefined
    const pool = createSlotPool({ size, reaper: watched, env, oomKills, onLines: (lines) => onLines(lines) })
    return { pool, forwardLines: (to: typeof onLines) => (onLines = to) }
  }
  type Pool = ReturnType<typeof createPool>
  let warm: Pool | undefined = createPool(slots)
  let room: Room | undefined
  let changed: () => void = () => undefined
  const jobs = new Map<JobId, ServedHere>()
  /** The agent has not renewed a claim: it is frozen or cut off, and may never close this runner's stdin. */
  let lapse: () => void = () => undefined

  await Promise.all([warm.pool.ready(), rehearsal && rehearse(rehearsal)])
  onMessage((raw) => {
    const message = raw as ToRunner
    if (message.type === 'serve') jobs.set(message.jobId, serve(message))
    else jobs.get(message.jobId)?.wish(message.type)
  })
  ready({ slots: watched.begin(), ...(contained && { platform: platformHere() }) })
  const over = new AbortController()
  void reportLoad(over.signal)
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
    lapse = resolve
  })
  over.abort()
  for (const job of jobs.values()) job.wish('stop')
  await Promise.all([...Array.from(jobs.values(), ({ ended }) => ended), warm?.pool.close()])

  function serve({ cpus, ...options }: Extract<ToRunner, { type: 'serve' }>): ServedHere {
    room ??= createRoom(cpus)
    const pool = warm ?? createPool(0)
    warm = undefined
    const { jobId } = options
    const job = serveHere(options, {
      ...pool,
      room,
      memory,
      jobId,
      tell,
      isAlone: () => jobs.size === 1,
      onWaits: () => changed(),
    })
    void job.ended.then((end) => {
      jobs.delete(jobId)
      if (end === 'lapsed') lapse()
      // Calls that have started a job often start another one: it finds a slot that is warm.
      else if (jobs.size > 0 && !over.signal.aborted) warm ??= createPool(1)
    })
    return job
  }

  /** Tells the load when it has changed, and every 2 s. */
  async function reportLoad(signal: AbortSignal): Promise<void> {
    let told = ''
    let toldAt = 0
    while (!signal.aborted) {
      const loads = Array.from(jobs, ([jobId, { load }]) => [jobId, load()] as const)
      const load = { freeCpus: room?.freeCpus ?? 0, jobs: Object.fromEntries(loads) }
      const text = JSON.stringify(load)
      if (text !== told || Date.now() - toldAt >= heartbeatEveryMs) {
        told = text
        toldAt = Date.now()
        tell({ type: 'load', ...load })
      }
      await Promise.race([pause(loadEveryMs, signal), new Promise<void>((resolve) => (changed = resolve))])
    }
  }
})

/** What compiled packages of functions must be made for. */
function platformHere(): LayerPlatform {
  // A report would look up names of addresses.
  Object.assign(process.report, { excludeNetwork: true })
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } }
  const libc = header.glibcVersionRuntime === undefined ? 'musl' : 'glibc'
  const isLinux = process.platform === 'linux'
  return { os: process.platform, cpu: process.arch, libc: isLinux ? libc : null, abi: process.versions.modules }
}

/** A container's memory is its slots' alone; processes have other programs beside them. */
function memoryOfSlots(contained: boolean): Pick<Memory, 'sharedMiB' | 'ownHeapMiB'> {
  const sharedMiB = contained ? Math.min(process.constrainedMemory() || Infinity, totalmem()) / mib : null
  return { sharedMiB, ownHeapMiB: getHeapStatistics().heap_size_limit / mib }
}

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
