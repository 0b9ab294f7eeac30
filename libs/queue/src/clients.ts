/**
 * Whether the client of a job is there (P10). A key that expires says so: it is renewed by the client's heartbeats for
 * `clientGraceMs` each, and cut short when the client's process is known to have ended. When it has expired the keeper
 * ends the job.
 */
import type { Redis } from 'ioredis'
import { jobKeys, type JobId, type JobSpec } from '@burla/protocol'
import { runScript } from './run-script.ts'

/** The client of these jobs is there. Returns those that need none, or do not exist. */
export async function heartbeat(redis: Redis, jobIds: JobId[]): Promise<JobId[]> {
  const heard = await Promise.all(
    jobIds.map((jobId) => {
      const { record, client } = jobKeys(jobId)
      return runScript(redis, 'heartbeat', [record, client], [])
    }),
  )
  return jobIds.filter((_, place) => heard[place] !== 1)
}

/** The process of these jobs' client has ended. It has `goneMs` to come back. */
export async function noteClientGone(redis: Redis, jobIds: JobId[], goneMs: number): Promise<void> {
  await Promise.all(
    jobIds.map((jobId) => {
      const { record, client } = jobKeys(jobId)
      return runScript(redis, 'client-gone', [record, client], [goneMs, Date.now()])
    }),
  )
}

/** Why a job is cancelled whose client's key has expired. `wasKnown`: its process was known to have ended. */
export function whyClientGone(
  { kind, clientGraceMs }: Pick<JobSpec, 'kind' | 'clientGraceMs'>,
  { wasKnown, goneMs }: { wasKnown: boolean; goneMs: number },
): string {
  const gone = wasKnown
    ? `its client is gone: its process ended and did not come back within ${duration(Math.min(goneMs, clientGraceMs))}`
    : `its client is gone: nothing was heard of it for ${duration(clientGraceMs)}`
  return kind === 'attached' ? gone : `${gone}, before all its inputs were stored`
}

function duration(ms: number): string {
  const minutes = ms / 60_000
  return minutes > 1 && Number.isInteger(minutes) ? `${minutes} min` : `${ms / 1000} s`
}
