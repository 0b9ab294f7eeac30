/**
 * The end of a cluster that stays: Ctrl-C ends it when no job would notice, and else says which would and needs another
 * one; SIGTERM and the end of the terminal end it at once. Its jobs are stored, and go on when it is started again.
 */
import { isFinished, type BurlaError, type JobStatus } from '@burla/protocol'
import type { StayingCluster } from '@burla/local-cluster'
import type { ApiClient } from '../../clusters/api-client.ts'
import { takeInterrupts } from '../interrupted.ts'

/** A Ctrl-C that comes later than this is a first one again. */
const secondWithinMs = 30_000
/** An api that does not answer cannot say what runs, and is not waited for. */
const answerWithinMs = 2_000

/** Resolves when nothing of the cluster is left; with why, when it ended by itself. */
export async function untilEnded(cluster: StayingCluster, api: ApiClient): Promise<BurlaError | undefined> {
  let ending: Promise<void> | undefined
  let warnedAt = -Infinity
  const end = (): void => {
    if (ending) return
    process.stderr.write('Ending the cluster ...\n')
    ending = cluster.stop()
  }
  const onInterrupt = async (): Promise<void> => {
    if (Date.now() - warnedAt < secondWithinMs) return end()
    const jobs = await unfinishedJobs(api)
    if (jobs.length === 0) return end()
    warnedAt = Date.now()
    process.stderr.write(warning(jobs))
  }
  const interrupted = () => void onInterrupt()
  takeInterrupts()
  process.on('SIGINT', interrupted)
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, end)
  // The cluster itself does not keep this process.
  const staying = setInterval(() => undefined, 2 ** 30)
  try {
    const why = await cluster.ended
    await ending
    return why
  } finally {
    clearInterval(staying)
    process.off('SIGINT', interrupted)
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.off(signal, end)
  }
}

async function unfinishedJobs(api: ApiClient): Promise<JobStatus[]> {
  try {
    const { jobs } = (await api.request('GET', '/v1/jobs?limit=1000', { withinMs: answerWithinMs })) as {
      jobs: JobStatus[]
    }
    return jobs.filter((job) => !isFinished(job.state))
  } catch {
    return []
  }
}

const namedJobs = 10

function warning(jobs: JobStatus[]): string {
  const named = jobs.slice(0, namedJobs).map(({ id, inputs }) => {
    const { known, completed, failed, running } = inputs
    return `  ${id}: ${completed + failed} of ${known} inputs have a result, ${running} running`
  })
  const more = jobs.length > namedJobs ? [`  and ${jobs.length - namedJobs} more`] : []
  const what = jobs.length === 1 ? 'A job is not finished:' : `${jobs.length} jobs are not finished:`
  const consequence =
    'Ctrl-C again ends the cluster all the same; they go on when it is started again, and inputs that run now run again then.'
  return `${[what, ...named, ...more, consequence].join('\n')}\n`
}
