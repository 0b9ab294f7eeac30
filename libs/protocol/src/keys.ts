/**
 * Every Redis key and channel of Burla, in one place.
 *
 * Keys of a job carry the hash tag `{jobId}`, so that a Redis or Valkey cluster keeps a job on one shard, and start
 * with one prefix, so that the job's own Redis user can be confined to it (P9). BullMQ's keys of the job's queue are
 * `<prefix>:<jobId>:<part>` below the same prefix.
 */
import type { JobId } from './ids.ts'

const root = 'burla:v1'

export const clusterKeys = {
  /** set: ids of jobs that are not over, or were over a moment ago */
  liveJobs: `${root}:jobs`,
  /** zset: ids of all others by `createdAt`; their records expire by themselves */
  pastJobs: `${root}:past-jobs`,
  /** hash: id -> `JobStatus` as JSON, of past jobs */
  summaries: `${root}:summaries`,
  /** zset: ids of past jobs whose results are kept, by the time until when */
  keptJobs: `${root}:kept-jobs`,
  /** zset: node ids by the time of their last heartbeat */
  nodes: `${root}:nodes`,
  node: (nodeId: string) => `${root}:node:${nodeId}`,
  /**
   * Where a job stands in its tree; not below the job's own prefix, because its own user must not change it (P9).
   * string: its `JobPlace` as JSON, for a job that was started inside a call. set: ids of the jobs inside its own calls
   */
  place: (jobId: JobId) => `${root}:place:${jobId}`,
  children: (jobId: JobId) => `${root}:children:${jobId}`,
  function: (digest: string) => `${root}:fn:${digest}`,
  /** channel: something changed that an agent should look at; the message is a `Bell` */
  bell: `${root}:bell`,
  /** channel pattern: the same, rung by the client of a job */
  jobBells: `${root}:{*}:bell`,
} as const

export function jobKeys(jobId: JobId) {
  const prefix = `${root}:{${jobId}}`
  const queue = `${prefix}:${jobId}`
  return {
    prefix,
    /** hash: the `JobRecord` */
    record: `${prefix}:record`,
    /** stream: results and lines, see `ResultEntry` */
    results: `${prefix}:results`,
    /** bitmap: one bit per index that has a result */
    done: `${prefix}:done`,
    /** hash: counters of the job, see `JobCounts`; of its lines also how many there were (`lines`, `lineBytes`) */
    counts: `${prefix}:counts`,
    /** list, newest last: `<inputs finished by then> <time> <headers of a batch>`, see append.lua */
    records: `${prefix}:records`,
    /** list, oldest first: `<time> <JSON of a failure's summary>` */
    failures: `${prefix}:failures`,
    /** stream: what its calls printed; an entry's id is the number of bytes printed before it */
    lines: `${prefix}:lines`,
    /** hash: index -> the call that runs it now, see `callId` */
    running: `${prefix}:running`,
    /** hash: `<runnerId>:<slot>` -> node id, the places taken under `maxParallelism` */
    places: `${prefix}:places`,
    /** channel: a place has become free */
    freedPlaces: `${prefix}:freed-places`,
    /** hash: index -> attempts ended so far (only inputs whose attempts failed) */
    attempts: `${prefix}:attempts`,
    /** hash: index -> runners lost while it was running; `m<index>` -> times it ran out of memory and was to run again */
    losses: `${prefix}:losses`,
    /** hash: index -> encoded input too large for the queue's JSON */
    inputs: `${prefix}:inputs`,
    /** hash: `<runner id>/<batch>/<n>` -> encoded result too large for the stream */
    values: `${prefix}:values`,
    /** hash: runner id -> number of its last stored batch */
    batches: `${prefix}:batches`,
    /** hash: node id -> `Claim` as JSON */
    claims: `${prefix}:claims`,
    /** string that expires `claimExpiryMs` after the claim's last renewal */
    claim: (nodeId: string) => `${prefix}:claim:${nodeId}`,
    /** string with expiry: set while the client is there */
    client: `${prefix}:client`,
    bell: `${prefix}:bell`,
    queue: {
      wait: `${queue}:wait`,
      active: `${queue}:active`,
      delayed: `${queue}:delayed`,
      stalled: `${queue}:stalled`,
      marker: `${queue}:marker`,
      meta: `${queue}:meta`,
      events: `${queue}:events`,
      id: `${queue}:id`,
      job: (bullId: string) => `${queue}:${bullId}`,
      /** prefix of BullMQ's job hashes and their locks */
      jobs: `${queue}:`,
    },
  } as const
}

export type JobKeys = ReturnType<typeof jobKeys>
