/**
 * The tree that this node serves (P3), from the first claim to the last release: its jobs, and one runner for all of them
 * that run in the same image.
 *
 *   serving -> (draining) -> released        also when it has no more jobs for this node
 *
 *  ST1  A runner that has been silent for 15 s (frozen) is killed: its slots die with it, its inputs go back.
 *  ST2  The node leaves a tree after the calls that run here. Those may wait for jobs that they have started, which perhaps
 *       nobody else can serve: so what is below them is served to its end, and the rest is given back at once.
 *  ST3  The node's time is counted once for the tree, however many jobs it serves of it.
 */
import type { JobView, JobWork } from '@burla/queue'
import type { Claim, JobId, JobParent } from '@burla/protocol'
import type { Self } from './decide.ts'
import type { HostedRunner } from './hosts/runner-host.ts'
import { serveJob, type JobLoad, type ServedJob, type Serving } from './served-job.ts'
import { killWhenSilent } from './silence.ts'

export interface ServedTree {
  readonly treeId: JobId
  readonly draining: boolean
  /** false once its last job is released: then it takes no more */
  readonly open: boolean
  /** calls under way */
  readonly running: number
  /** what is decided on */
  seen(): NonNullable<Self['serving']>
  /** The one that serves jobs with this image. */
  runnerIn(image: string | null): HostedRunner | undefined
  has(runner: HostedRunner): boolean
  serve(job: NewJob): void
  drain(): void
  cancel(jobId: JobId): void
  /** The node leaves: its runners give their inputs back and end. */
  stop(): void
  /** Resolves when nothing of it is left here. */
  readonly released: Promise<void>
}

interface NewJob {
  claim: Claim
  view: JobView
  work: JobWork
  slots: number
  runner: HostedRunner
}

interface TreeOptions extends Serving {
  treeId: JobId
  /** a job was released; `unserved`: how the runner ended, where that was before it served anything of the job */
  onReleased: (jobId: JobId, unserved: string | undefined) => Promise<void>
}

interface Load {
  freeCpus: number
  jobs: Record<JobId, JobLoad>
}

const stopMs = 1_500

export function serveTree({ treeId, onReleased, ...common }: TreeOptions): ServedTree {
  const { cpus, say, onChange } = common
  const claimedAt = Date.now()
  const jobs = new Map<JobId, { job: ServedJob; parent: JobParent | undefined }>()
  /** with the CPUs that its calls have now */
  const runners = new Map<HostedRunner, number>()
  const over = new AbortController()
  let draining = false
  let open = true
  let finish: () => void = () => undefined
  const empty = new Promise<void>((resolve) => (finish = resolve))

  function take(runner: HostedRunner): void {
    if (runners.has(runner)) return
    // Until it says how it is, it has no room for another job.
    runners.set(runner, cpus)
    const silence = killWhenSilent(runner, { signal: over.signal, say: (text) => say(`tree ${treeId}: ${text}`) })
    runner.onMessage((message) => {
      silence.heard()
      if (message['type'] === 'load') hearLoad(runner, message as unknown as Load)
      else jobs.get(String(message['jobId']))?.job.heard(message)
    })
    void runner.exited.then(() => runners.delete(runner))
  }

  function hearLoad(runner: HostedRunner, load: Load): void {
    runners.set(runner, cpus - load.freeCpus)
    for (const [jobId, own] of Object.entries(load.jobs)) jobs.get(jobId)?.job.heardLoad(own)
    onChange()
  }

  async function serveToEnd(job: ServedJob): Promise<void> {
    const unserved = await job.released
    jobs.delete(job.jobId)
    onReleased(job.jobId, unserved).catch((error: Error) => say(error.message))
    if (draining) drainTops()
    if (jobs.size > 0) return
    open = false
    finish()
  }

  /** ST2 */
  function drainTops(): void {
    for (const { job, parent } of jobs.values()) if (!parent || !runs(parent)) job.drain()
  }

  /** Whether that call runs on this node. */
  function runs({ jobId, call }: JobParent): boolean {
    const runnerId = jobs.get(jobId)?.job.runnerId ?? null
    return runnerId !== null && call.startsWith(`${runnerId}:`)
  }

  async function untilReleased(): Promise<void> {
    await empty
    over.abort()
    await Promise.all(Array.from(runners.keys(), (runner) => runner.stop(stopMs)))
  }

  return {
    treeId,
    get running() {
      return Array.from(jobs.values()).reduce((sum, { job }) => sum + job.load.running, 0)
    },
    get draining() {
      return draining
    },
    get open() {
      return open
    },
    seen() {
      const taken = Array.from(runners.values()).reduce((sum, own) => sum + own, 0)
      const loads = new Map(Array.from(jobs, ([jobId, { job }]) => [jobId, job.load]))
      const freeCpus = open ? Math.max(0, cpus - taken) : 0
      return { treeId, forMs: Date.now() - claimedAt, draining, freeCpus, jobs: loads, runs }
    },
    runnerIn: (image) => Array.from(runners.keys()).find((runner) => runner.alive && runner.image === image),
    has: (runner) => runners.has(runner),
    serve({ claim, view, work, slots, runner }) {
      const { id, parent } = view.record
      take(runner)
      // ST3
      const servedMs = () => (jobs.size === 1 ? Date.now() - claimedAt : 0)
      const job = serveJob({ ...common, jobId: id, claim, slots, runner, work, servedMs })
      jobs.set(id, { job, parent })
      void serveToEnd(job)
    },
    drain() {
      draining = true
      drainTops()
    },
    cancel: (jobId) => jobs.get(jobId)?.job.cancel(),
    stop() {
      for (const runner of runners.keys()) void runner.stop(stopMs)
    },
    released: untilReleased(),
  }
}
