/** For tests: a job of its own in the test file's Redis, and the pieces of a runner's talk with it. */
import { connectRedis, createJob, encodeKeptFailure, jobCredentials, type Redis } from './index.ts'
import { encodeHeader, encodeLines, type CallOptions, type JobId, type JobSpec, type Line } from '@burla/protocol'
import { someCall, someJob } from '@burla/testkit'

export const clusterKey = 'a cluster key for tests'

export function spec(known: number, call: Partial<CallOptions> = {}, more: Partial<JobSpec> = {}): JobSpec {
  return someJob({ known, call: { ...someCall, ...call }, ...more })
}

export async function makeJob(
  redis: Redis,
  known: number,
  call: Partial<CallOptions> = {},
  more: Partial<JobSpec> = {},
): Promise<JobId> {
  const job = spec(known, call, more)
  await createJob(redis, clusterKey, job)
  return job.id
}

/** A connection as the job's own user. */
export function asJob(address: { path: string }, jobId: JobId): Redis {
  const { username, password } = jobCredentials(clusterKey, jobId, address)
  return connectRedis({ address, username, password, name: 'test' })
}

export function result(index: number, text = 'v', status: 'ok' | 'error' = 'ok') {
  const header = JSON.stringify({ type: 'result', index, status, attempts: 1, durationMs: 5, nodeId: 'node', slot: 0 })
  const note = status === 'ok' ? '' : encodeKeptFailure({ index, attempts: 1, name: 'Error', message: text })
  return { index, status, header, payload: Buffer.from(text), note }
}

export function printed(...lines: Line[]) {
  const header = encodeHeader({ type: 'lines', nodeId: 'node' })
  return { index: '' as const, status: '' as const, header, payload: encodeLines(lines), note: lines.length }
}
