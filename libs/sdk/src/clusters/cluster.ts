/** A cluster as a job sees it: what is asked of its api. */
import {
  BurlaError,
  type ClusterStatus,
  type JobCredentials,
  type JobId,
  type JobSpec,
  type JobState,
  type JobStatus,
  type NodeStatus,
} from '@burla/protocol'
import type { JobCall } from '../job/job-call.ts'
import type { ApiClient } from './api-client.ts'
import { createHeartbeats } from './heartbeat.ts'

export interface Cluster {
  /** for people: its URL, or `the embedded cluster` */
  readonly address: string
  /** Makes the job. The function and its packages travel only when the cluster does not have them yet. */
  createJob(spec: JobSpec, call: Pick<JobCall<unknown>, 'fn' | 'layer'>): Promise<JobCredentials>
  cancelJob(jobId: JobId, end: { outcome: 'cancelled' | 'failed'; reason: string }): Promise<void>
  /** For the results of a submitted job, which are kept until they expire. */
  openJob(jobId: JobId): Promise<JobCredentials>
  readJob(jobId: JobId): Promise<JobStatus>
  /** The newest first. */
  listJobs(query: { limit: number; state?: JobState | undefined }): Promise<JobStatus[]>
  listNodes(): Promise<NodeStatus[]>
  readStatus(): Promise<ClusterStatus>
  /** The client has all it wants: the cluster removes what it keeps of the job. */
  forgetJob(jobId: JobId): Promise<void>
  /**
   * This program is there, and waits for the job (P10), until the reply is called. `onLost`: the cluster does not wait for
   * this program any more, with the reason; it was silent for too long, or somebody else has ended the job.
   */
  hold(job: Pick<JobSpec, 'id' | 'clientGraceMs' | 'parent'>, onLost: (reason: BurlaError) => void): () => void
  /** Calls `listener` when the cluster is gone, with the reason if it was not asked to go. The reply ends that. */
  onEnded(listener: (reason: Error | undefined) => void): () => void
}

/** Cleaning up must not keep a program that has its results: what is not answered by then, the cluster does by itself. */
const partingMs = 1_000
const cancelMs = 2_000

/** `ended` is absent where nobody says that the cluster is gone: a remote one. */
export function createCluster(api: ApiClient, ended?: Promise<Error | undefined>): Cluster {
  // One reaction for all jobs: a promise keeps every reaction as long as it lives, and this one lives for the program.
  const listeners = new Set<(reason: Error | undefined) => void>()
  void ended?.then((reason) => {
    for (const listener of listeners) listener(reason)
  })
  const heartbeats = createHeartbeats(api.target)
  const create = async (spec: JobSpec) =>
    ((await api.request('POST', '/v1/jobs', { body: spec })) as { credentials: JobCredentials }).credentials
  return {
    address: api.address,
    async createJob(asked, { fn, layer: layerOf }) {
      const layer = layerOf()
      const spec = { ...asked, ...(layer && { layer: layer.digest }) }
      try {
        return await create(spec)
      } catch (error) {
        if (!(error instanceof BurlaError && error.code === 'FUNCTION_UNKNOWN')) throw error
        for (const { digest, bytes } of [fn, ...(layer?.parts ?? [])]) {
          await api.request('PUT', `/v1/functions/${digest}`, { body: bytes })
        }
        return create(spec)
      }
    },
    async cancelJob(jobId, end) {
      await api.request('POST', `/v1/jobs/${jobId}/cancel`, { body: end, withinMs: cancelMs })
    },
    async openJob(jobId) {
      const reply = await api.request('POST', `/v1/jobs/${jobId}/credentials`)
      return (reply as { credentials: JobCredentials }).credentials
    },
    async readJob(jobId) {
      return (await api.request('GET', `/v1/jobs/${jobId}`)) as JobStatus
    },
    async listJobs({ limit, state }) {
      const query = new URLSearchParams({ limit: String(limit), ...(state === undefined ? {} : { state }) })
      return ((await api.request('GET', `/v1/jobs?${query}`)) as { jobs: JobStatus[] }).jobs
    },
    async listNodes() {
      return ((await api.request('GET', '/v1/nodes')) as { nodes: NodeStatus[] }).nodes
    },
    async readStatus() {
      return (await api.request('GET', '/v1/cluster')) as ClusterStatus
    },
    async forgetJob(jobId) {
      await api.request('DELETE', `/v1/jobs/${jobId}`, { withinMs: partingMs })
    },
    hold({ id, clientGraceMs, parent }, onLost) {
      // A job inside a call ends with the call.
      if (parent) return () => undefined
      const onUnknown = () =>
        void whyLost(api, id).then(
          (reason) => reason && onLost(reason),
          () => undefined, // an api that is away: the next heartbeat hears it again
        )
      return heartbeats.hold({ jobId: id, clientGraceMs, onUnknown })
    },
    onEnded(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** Its Redis user went with the job, so only the api can tell. */
async function whyLost(api: ApiClient, jobId: JobId): Promise<BurlaError | undefined> {
  try {
    return errorOfEnd((await api.request('GET', `/v1/jobs/${jobId}`)) as JobStatus)
  } catch (error) {
    if (error instanceof BurlaError && error.code === 'JOB_UNKNOWN') return error
    throw error
  }
}

function errorOfEnd({ id, state, reason }: JobStatus): BurlaError | undefined {
  switch (state) {
    case 'waiting':
    case 'running':
      return undefined
    case 'cancelling':
    case 'cancelled':
      return new BurlaError('JOB_CANCELLED', `job ${id} was cancelled: ${reason ?? 'no reason was given'}`)
    case 'failed':
      return new BurlaError('JOB_FAILED', `job ${id} failed: ${reason ?? 'no reason was given'}`)
    case 'completed':
      return new BurlaError(
        'JOB_FAILED',
        `the results of job ${id} are gone: it was completed, and then nothing was heard of this program for too long`,
      )
  }
}
