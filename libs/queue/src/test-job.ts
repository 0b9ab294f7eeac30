/** For tests: a job of its own in the test file's Redis, and the pieces of a runner's talk with it. */
import { connectRedis, createJob, jobCredentials, type Redis } from './index.ts'
import { newJobId, type CallOptions, type JobId, type JobSpec } from '@burla/protocol'

export const clusterKey = 'a cluster key for tests'

export function spec(known: number, call: Partial<CallOptions> = {}): JobSpec {
  return {
    id: newJobId('test'),
    name: 'test',
    functionDigest: '0'.repeat(64),
    known,
    call: { cpus: 1, maxParallelism: null, retries: 0, retryDelayMs: 0, timeoutMs: null, env: {}, ...call },
  }
}

export async function makeJob(redis: Redis, known: number, call: Partial<CallOptions> = {}): Promise<JobId> {
  const job = spec(known, call)
  await createJob(redis, clusterKey, job)
  return job.id
}

/** A connection as the job's own user. */
export function asJob(address: { path: string }, jobId: JobId): Redis {
  const { username, password } = jobCredentials(clusterKey, jobId, address)
  return connectRedis({ address, username, password, name: 'test' })
}

export function result(index: number, text = 'v', status: 'ok' | 'error' = 'ok') {
  return { index, status, header: JSON.stringify({ type: 'result', index, status }), payload: Buffer.from(text) }
}
