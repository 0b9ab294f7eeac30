/**
 * What a node does next (P3). Pure: everything it knows is in its arguments.
 *
 *  D1  An idle node takes a job of the tree with the least node time among those that want more slots than they have.
 *  D2  A node whose tree has nothing for it (nothing running or waiting here, or its client does not read) gives it back
 *      as soon as another tree wants a node.
 *  D3  With fewer nodes than trees, a node changes to a tree that no node can serve now once it has served for `turnMs`;
 *      it takes a job of it beforehand (`reserved`), so that only one node changes for it.
 *  D4  A node that has room left (a call that waits for a job which it has started leaves its own) serves further jobs of
 *      its tree. While it gives the tree back only those below calls that run here: nobody else may be able to.
 *
 * A job *wants* slots only while it has something to run: otherwise two jobs that both wait for their clients would
 * hand a node to and fro.
 */
import { slotsOn, turnMs, windowBytes, type Claim, type JobId, type JobParent, type NodeSize } from '@burla/protocol'
import type { JobView } from '@burla/queue'

export interface Self {
  nodeId: string
  size: NodeSize
  /** what this node serves now */
  serving?: {
    treeId: JobId
    forMs: number
    /** it is giving the tree back already */
    draining: boolean
    /** what no call has that runs */
    freeCpus: number
    jobs: ReadonlyMap<JobId, { running: number; held: number; blocked: boolean }>
    /** whether that call runs here */
    runs: (call: JobParent) => boolean
  }
}

export type Decision =
  { type: 'stay' } | { type: 'claim' | 'join' | 'change'; jobId: JobId; slots: number } | { type: 'release' }

export interface Sight {
  jobs: JobView[]
  /** nodes that are idle now, without this one */
  idle: NodeSize[]
  /** of all nodes, by id */
  sizes: ReadonlyMap<string, NodeSize>
  now: number
}

/** A job just made may be claimed before its first input has arrived. */
const freshMs = 5_000

export function decide(self: Self, sight: Sight): Decision {
  const { serving, size } = self
  const wanting = sight.jobs.filter((job) => !serving?.jobs.has(job.record.id) && wants(job, self, sight.now))
  if (!serving) return take('claim', leastServed(wanting, sight), size)
  const left = { ...size, cpus: serving.freeCpus }
  const joining = take('join', joinable(wanting, { serving, left }, sight), left)
  if (joining.type === 'join' || serving.draining) return joining
  const others = wanting.filter((job) => job.record.treeId !== serving.treeId)
  const waiting = others.filter((job) => !sight.idle.some((node) => slotsFor(job, node) > 0))
  if (waiting.length === 0) return { type: 'stay' }
  if (sight.jobs.every((job) => hasNothingHere(job, serving))) return { type: 'release' }
  if (serving.forMs < turnMs) return { type: 'stay' }
  const unserved = waiting.filter((job) => !isServable(job, sight))
  return take('change', leastServed(unserved, sight), size)
}

function take(type: 'claim' | 'join' | 'change', job: JobView | undefined, node: NodeSize): Decision {
  return job ? { type, jobId: job.record.id, slots: slotsFor(job, node) } : { type: 'stay' }
}

type Served = NonNullable<Self['serving']>

/** D4 */
function joinable(
  wanting: JobView[],
  { serving: { treeId, draining, runs }, left }: { serving: Served; left: NodeSize },
  sight: Sight,
): JobView | undefined {
  const own = wanting.filter((job) => {
    const { record } = job
    if (record.treeId !== treeId || slotsFor(job, left) === 0) return false
    return !draining || (record.parent !== undefined && runs(record.parent))
  })
  return leastServed(own, sight)
}

function hasNothingHere({ record, waiting }: JobView, { jobs }: Served): boolean {
  const here = jobs.get(record.id)
  if (!here) return true
  return here.running === 0 && here.held === 0 && (here.blocked || waiting === 0)
}

/** A node that serves its tree can take it as soon as it has room. */
function isServable(job: JobView, { jobs, sizes }: Sight): boolean {
  const fits = (node: NodeSize | undefined) => node !== undefined && slotsFor(job, node) > 0
  const tree = jobs.filter(({ record }) => record.treeId === job.record.treeId)
  return tree.some(({ claims }) => claims.some(({ nodeId }) => fits(sizes.get(nodeId))))
}

export function slotsFor(job: JobView, node: NodeSize): number {
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

function leastServed(jobs: JobView[], sight: Sight): JobView | undefined {
  const times = new Map(jobs.map(({ record: { treeId } }) => [treeId, timeOfTree(treeId, sight)]))
  const timeOf = ({ record }: JobView) => times.get(record.treeId) ?? 0
  return jobs.toSorted((a, b) => timeOf(a) - timeOf(b) || a.record.createdAt - b.record.createdAt)[0]
}

/** A node that serves several jobs of the tree is one node. */
function timeOfTree(treeId: JobId, { jobs, now }: Sight): number {
  const since = new Map<string, number>()
  let ms = 0
  for (const { record, claims } of jobs) {
    if (record.treeId !== treeId) continue
    ms += record.nodeMs + record.nodeMsBelow
    for (const { nodeId, claimedAt } of claims) since.set(nodeId, Math.min(claimedAt, since.get(nodeId) ?? Infinity))
  }
  for (const claimedAt of since.values()) ms += now - claimedAt
  return ms
}
