/**
 * What a node does next (P3). Pure: everything it knows is in its arguments.
 *
 *  D1  An idle node takes the job with the least node time among those that want more slots than they have.
 *  D2  A node whose job has nothing for it (nothing running or waiting here, or its client does not read) gives it back
 *      as soon as another job wants a node.
 *  D3  With fewer nodes than jobs, a node changes to a job that has no node at all once it has served for `turnMs`;
 *      it takes that job beforehand (`reserved`), so that only one node changes for it.
 *
 * A job *wants* slots only while it has something to run: otherwise two jobs that both wait for their clients would
 * hand a node to and fro.
 */
import { slotsOn, turnMs, windowBytes, type Claim, type NodeSize } from '@burla/protocol'
import type { JobView } from '@burla/queue'

export interface Self {
  nodeId: string
  size: NodeSize
  /** what this node serves now */
  serving?: {
    jobId: string
    forMs: number
    running: number
    held: number
    blocked: boolean
    /** it is giving the job back already */
    draining: boolean
  }
}

export type Decision =
  | { type: 'stay' }
  | { type: 'claim'; jobId: string; slots: number }
  | { type: 'release' }
  | { type: 'change'; jobId: string; slots: number }

export interface Sight {
  jobs: JobView[]
  /** nodes that are idle now, without this one */
  idle: NodeSize[]
  now: number
}

/** A job just made may be claimed before its first input has arrived. */
const freshMs = 5_000

export function decide(self: Self, sight: Sight): Decision {
  const { serving } = self
  if (serving?.draining) return { type: 'stay' }
  const wanting = sight.jobs.filter((job) => job.record.id !== serving?.jobId && wants(job, self, sight.now))
  if (!serving) {
    const next = leastServed(wanting, sight.now)
    return next ? { type: 'claim', jobId: next.record.id, slots: slotsFor(next, self.size) } : { type: 'stay' }
  }
  const waiting = wanting.filter((job) => !sight.idle.some((node) => slotsFor(job, node) > 0))
  if (waiting.length === 0) return { type: 'stay' }
  const own = sight.jobs.find((job) => job.record.id === serving.jobId)
  const nothingHere = serving.running === 0 && serving.held === 0 && (serving.blocked || own?.waiting === 0)
  if (nothingHere) return { type: 'release' }
  const next = leastServed(
    waiting.filter((job) => job.claims.length === 0),
    sight.now,
  )
  if (!next || serving.forMs < turnMs) return { type: 'stay' }
  return { type: 'change', jobId: next.record.id, slots: slotsFor(next, self.size) }
}

function slotsFor(job: JobView, node: NodeSize): number {
  return slotsOn(node, job.record.call)
}

function wants(job: JobView, self: Self, now: number): boolean {
  const { record, counts, claims } = job
  if (record.state !== 'waiting' && record.state !== 'running') return false
  if (slotsFor(job, self.size) === 0) return false
  if (record.kind === 'attached' && counts.storedBytes - counts.takenBytes > windowBytes) return false
  if (servedSlots(claims, self.nodeId) >= demand(job)) return false
  const isFresh = record.startedAt === null && claims.length === 0 && now - record.createdAt < freshMs
  return job.waiting > 0 || isFresh
}

/** Slots that the job could use now. */
export function demand({ record, counts }: JobView): number {
  const open = record.known - counts.completed - counts.failed
  return Math.min(open, record.call.maxParallelism ?? Infinity)
}

function servedSlots(claims: Claim[], except: string): number {
  return claims.reduce((sum, claim) => (claim.nodeId === except ? sum : sum + claim.slots), 0)
}

function leastServed(jobs: JobView[], now: number): JobView | undefined {
  const timeOf = ({ record, claims }: JobView) =>
    claims.reduce((sum, claim) => sum + (now - claim.claimedAt), record.nodeMs)
  return jobs.toSorted((a, b) => timeOf(a) - timeOf(b) || a.record.createdAt - b.record.createdAt)[0]
}
