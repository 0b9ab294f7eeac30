/**
 * The results of a submitted job, read from the first one and then as they come, by any number of readers. Lines that the
 * job prints while somebody reads appear in that program's terminal, once, however many of its readers see them; lines of
 * before are history (`burla jobs logs`) and are not printed again.
 */
import { BurlaError, type JobId } from '@burla/protocol'
import type { KeptLines } from '@burla/queue'
import type { Cluster } from '../clusters/cluster.ts'
import { fromCallSite, type CallSite } from '../job/call-site.ts'
import { decodeOutcome, type Outcome } from '../job/outcomes.ts'
import { createPacing } from '../job/pacing.ts'
import { programDisplay } from '../terminal/display.ts'
import { createJobProgress, type JobProgress } from '../terminal/job-progress.ts'
import { printLines } from '../terminal/printing.ts'

export interface FollowOptions {
  openCluster: () => Promise<Cluster>
  callSite: CallSite
  /** ends the reading, not the job */
  signal: AbortSignal | undefined
  progress: boolean | undefined
}

const lookEveryMs = 1_000

/** Ends when each input's outcome was given. @throws what ended the job otherwise, after the outcomes that there are */
export async function* followOutcomes<R>(jobId: JobId, options: FollowOptions): AsyncGenerator<Outcome<R>[]> {
  const { callSite, signal } = options
  const over = new AbortController()
  const stop = () => over.abort()
  signal?.throwIfAborted()
  signal?.addEventListener('abort', stop)
  let watching: Watching | undefined
  let end: WaitEnd = 'left'
  try {
    const [cluster, { openKeptResults }] = await Promise.all([options.openCluster(), import('@burla/queue')])
    const credentials = await cluster.openJob(jobId)
    const results = openKeptResults(credentials, () => askStillKept(cluster, jobId))
    over.signal.addEventListener('abort', results.close)
    watching = await watchProgress(jobId, cluster, options.progress)
    const pacing = createPacing()
    for await (const { lines, entries } of results.read(over.signal)) {
      pacing.came()
      for (const printed of lines) printOnce(jobId, printed)
      const outcomes: Outcome<R>[] = []
      for (const { header, payload } of entries) {
        if (header.type !== 'result') continue
        watching?.count(header.status)
        outcomes.push(decodeOutcome<R>(header, payload, callSite))
      }
      if (outcomes.length > 0) yield outcomes
      await pacing.turn()
    }
    signal?.throwIfAborted()
    end = 'completed'
  } catch (error) {
    if (error instanceof BurlaError) end = error.code === 'JOB_CANCELLED' ? 'cancelled' : 'failed'
    throw fromCallSite(error, callSite)
  } finally {
    signal?.removeEventListener('abort', stop)
    over.abort()
    watching?.end(end)
  }
}

/** An api that is away says nothing about the job: it is asked again later. */
async function askStillKept(cluster: Cluster, jobId: JobId): Promise<void> {
  try {
    await cluster.openJob(jobId)
  } catch (error) {
    if (!(error instanceof BurlaError && error.code === 'CLUSTER_UNREACHABLE')) throw error
  }
}

/** By job: where the newest lines stood that were printed. */
const printedAt = new Map<JobId, number>()

function printOnce(jobId: JobId, { at, missed, lines }: KeptLines): void {
  if (at <= (printedAt.get(jobId) ?? -1)) return
  printedAt.set(jobId, at)
  const display = programDisplay()
  if (missed > 0) {
    const sentence = `burla: ${missed} bytes that job ${jobId} printed came too fast to be shown here`
    display.print('stderr', `${sentence}; \`burla jobs logs ${jobId}\` has the newest\n`)
  }
  printLines(display, lines, { tagged: true })
}

type WaitEnd = Parameters<JobProgress['end']>[0]

interface Watching {
  count: JobProgress['count']
  end(outcome: WaitEnd): void
}

/** The progress line of whoever waits, where one is wanted. */
async function watchProgress(
  jobId: JobId,
  cluster: Cluster,
  progress: boolean | undefined,
): Promise<Watching | undefined> {
  const display = programDisplay()
  if (progress === false || (!display.isTerminal && progress !== true)) return undefined
  let status = await cluster.readJob(jobId)
  const line = createJobProgress({ jobId, name: status.name, progress, display })
  const known = () => ({ known: status.inputs.known, ended: true })
  const looking = setInterval(() => {
    line.show(known(), status)
    cluster.readJob(jobId).then(
      (now) => (status = now),
      () => undefined, // the reading hears of it, where it matters
    )
  }, lookEveryMs).unref()
  return {
    count: (outcome) => line.count(outcome),
    end(outcome) {
      clearInterval(looking)
      line.end(outcome, known())
    },
  }
}
