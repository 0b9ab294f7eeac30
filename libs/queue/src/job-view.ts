/** One look at a job: everything that its status shows and that agents decide on, read in one round trip. */
import type { Redis } from 'ioredis'
import {
  clusterKeys,
  isFinished,
  jobKeys,
  type CallOptions,
  type Claim,
  type JobCounts,
  type JobId,
  type JobRecord,
  type JobStatus,
} from '@burla/protocol'
import { decodeClaims, decodeCounts, decodeRecord } from './job-hash.ts'

export interface JobView {
  record: JobRecord
  /** of a past job: what its status was at its end */
  summary?: JobStatus
  counts: JobCounts
  claims: Claim[]
  /** inputs in the queue that could be pulled now */
  waiting: number
  /** inputs that wait for a retry's delay */
  delayed: number
  /** calls under way */
  running: number
}

const lookCommands = 8

export async function viewJobs(redis: Redis, jobIds: JobId[]): Promise<JobView[]> {
  if (jobIds.length === 0) return []
  const pipeline = redis.pipeline()
  const dueScore = (Date.now() + 1) * 0x1000
  for (const jobId of jobIds) {
    const k = jobKeys(jobId)
    pipeline.hgetall(k.record).hgetall(k.counts).hgetall(k.claims).llen(k.queue.wait)
    pipeline.zcount(k.queue.delayed, '-inf', `(${dueScore}`).zcard(k.queue.delayed).hlen(k.running)
    pipeline.get(clusterKeys.place(jobId))
  }
  const replies = (await pipeline.exec()) ?? []
  return jobIds.flatMap((_, job) => {
    const values = replies.slice(job * lookCommands, (job + 1) * lookCommands).map(([error, value]) => {
      if (error) throw error
      return value
    })
    const [recordHash, counts, claims, waiting, due, delayed, running, place] = values as [
      Record<string, string>,
      Record<string, string>,
      Record<string, string>,
      number,
      number,
      number,
      number,
      string | null,
    ]
    const record = decodeRecord(recordHash, place)
    if (!record) return []
    return {
      record,
      ...(recordHash['summary'] ? { summary: JSON.parse(recordHash['summary']) as JobStatus } : {}),
      counts: decodeCounts(counts),
      claims: decodeClaims(claims),
      waiting: waiting + due,
      delayed: delayed - due,
      running,
    }
  })
}

export async function viewJob(redis: Redis, jobId: JobId): Promise<JobView | undefined> {
  const [view] = await viewJobs(redis, [jobId])
  return view
}

export async function viewLiveJobs(redis: Redis): Promise<JobView[]> {
  return viewJobs(redis, await redis.smembers(clusterKeys.liveJobs))
}

export function statusOf({ record, summary, counts, claims, running }: JobView): JobStatus {
  if (summary) return summary
  const { known } = record
  const { completed, failed } = counts
  const active = claims.filter((claim) => claim.state === 'active')
  return {
    id: record.id,
    parentId: record.parent?.jobId ?? null,
    kind: record.kind,
    name: record.name,
    state: record.state,
    inputs: {
      known,
      waiting: Math.max(0, known - running - completed - failed),
      running,
      completed,
      failed,
    },
    nodes: active.length,
    slots: active.reduce((sum, claim) => sum + claim.slots, 0),
    reason: record.reason ?? (isFinished(record.state) ? null : (record.waitReason ?? preparation(claims, running))),
    createdAt: record.createdAt,
    startedAt: record.startedAt,
    finishedAt: record.finishedAt,
    keptUntilAt: keptUntilAt(record),
  }
}

/** What it waits for while its nodes prepare. */
function preparation(claims: Claim[], running: number): string | null {
  const preparing = running === 0 ? claims.find((claim) => claim.preparing !== undefined) : undefined
  return preparing ? `${preparing.preparing} on node ${preparing.nodeId}` : null
}

export function keptUntilAt({ kind, finishedAt, retentionMs }: JobRecord): number | null {
  return kind === 'submitted' && finishedAt !== null ? finishedAt + retentionMs : null
}

/** What is run, and how: all of a job that a runner has to know. */
export interface JobWork {
  functionDigest: string
  call: CallOptions
  /** codec version of its function, inputs and results */
  codec: number
  /** digest of the list of its packages */
  layer: string | null
}

export async function readWork(redis: Redis, jobId: JobId): Promise<JobWork | undefined> {
  const fields = ['functionDigest', 'call', 'codec', 'layer']
  const [functionDigest, call, codec, layer = null] = await redis.hmget(jobKeys(jobId).record, ...fields)
  if (!functionDigest || !call) return undefined
  return { functionDigest, call: JSON.parse(call) as CallOptions, codec: Number(codec), layer }
}
