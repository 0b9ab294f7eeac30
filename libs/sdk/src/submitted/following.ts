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
  try {
    const [cluster, { openKeptResults }] = await Promise.all([options.openCluster(), import('@burla/queue')])
    const credentials = await cluster.openJob(jobId)
    const results = openKeptResults(credentials, () => askStillKept(cluster, jobId))
    over.signal.addEventListener('abort', results.close)
    const count = await followProgress(jobId, { cluster, progress: options.progress, over: over.signal })
    const pacing = createPacing()
    for await (const { lines, entries } of results.read(over.signal)) {
      pacing.came()
      for (const printed of lines) printOnce(jobId, printed)
      const outcomes: Outcome<R>[] = []
      for (const { header, payload } of entries) {
        if (header.type !== 'result') continue
        count(header.status)
        outcomes.push(decodeOutcome<R>(header, payload, callSite))
      }
      if (outcomes.length > 0) yield outcomes
      await pacing.turn()
    }
    signal?.throwIfAborted()
  } catch (error) {
    throw fromCallSite(error, callSite)
  } finally {
    signal?.removeEventListener('abort', stop)
    over.abort()
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

interface Watching {
  cluster: Cluster
  progress: boolean | undefined
  over: AbortSignal
}

/** The progress line of whoever waits. The reply counts an outcome that was read. */
async function followProgress(
  jobId: JobId,
  { cluster, progress, over }: Watching,
): Promise<(status: 'ok' | 'error') => void> {
  const display = programDisplay()
  if (progress === false || (!display.isTerminal && progress !== true)) return () => undefined
  let status = await cluster.readJob(jobId)
  const line: JobProgress = createJobProgress({ jobId, name: status.name, progress, display })
  const known = () => ({ known: status.inputs.known, ended: true })
  const looking = setInterval(() => {
    line.show(known(), status)
    cluster.readJob(jobId).then(
      (now) => (status = now),
      () => undefined, // the reading hears of it, where it matters
    )
  }, lookEveryMs).unref()
  over.addEventListener('abort', () => {
    clearInterval(looking)
    line.end('completed', known())
  })
  return (outcome) => line.count(outcome)
}
