/** What is kept about a job, and what a node's claim says. The record's hash in Redis has these fields as text. */
import type { NodeSize } from './fitting.ts'
import type { JobState, NodeState } from './states.ts'
import type { JobId, NodeId, RunnerId } from './ids.ts'

/** How each call of the function is run; set once when the job is created. */
export interface CallOptions {
  /** CPUs of each call; may be a fraction */
  cpus: number
  /** memory of each call; `null`: all calls on a node share its memory */
  memoryGiB: number | null
  /** container image that the function runs in; `null`: the cluster's */
  image: string | null
  /** most calls at the same moment, over all nodes; `null`: no limit */
  maxParallelism: number | null
  retries: number
  retryDelayMs: number
  /** from the moment the function is called; `null`: no limit */
  timeoutMs: number | null
  /** environment variables of each call */
  env: Record<string, string>
}

/**
 * An attached job belongs to the program that started it: it takes the results, and the job ends with it (P10). A
 * submitted job belongs to nobody once all its inputs are stored: it runs on, and its results stay for any program.
 */
export type JobKind = 'attached' | 'submitted'

/** The call that a job was started in: the job ends with it. */
export interface JobParent {
  jobId: JobId
  /** index of the input that the call is for */
  input: number
  /** see `callId` */
  call: string
}

export interface JobSpec {
  id: JobId
  /** absent for a job that a program started */
  parent?: JobParent
  kind: JobKind
  name: string
  functionDigest: string
  /** number of inputs known when the job is created: the length where the iterable has one, else 0 */
  known: number
  call: CallOptions
  /** npm packages that the function's nodes have besides those that it shows: `name` or `name@1.2.3` */
  packages: string[]
  /** digest of the `LayerManifest`, kept like a function; absent: no packages, or those of the job above */
  layer?: string
  /** how long a client that has fallen silent is waited for (P10); of a submitted job, until its inputs are stored */
  clientGraceMs: number
  /** how long the results of a submitted job are kept after its end (P6) */
  retentionMs: number
}

/** Counters live in a hash of their own, because scripts add to them. Bytes are encoded bytes in the stream. */
export interface JobCounts {
  completed: number
  failed: number
  storedBytes: number
  takenBytes: number
}

/** Where a job stands among those that its program has started. */
export interface JobPlace {
  parent?: JobParent
  /** the job at the top of its tree: its own id where it has no parent */
  treeId: JobId
  /** jobs above it */
  depth: number
}

export interface JobRecord extends JobSpec, JobPlace {
  state: JobState
  /** true when the client has said that no more inputs will come: all that are known are in the queue */
  ended: boolean
  /** why the job is `cancelling`, `failed` or `cancelled`, as one sentence */
  reason: string | null
  /** why no node can serve it now, as one sentence */
  waitReason: string | null
  /** of a submitted job: bytes of results after which it fails (P6); `null`: the client takes them */
  keptBytes: number | null
  /** milliseconds of nodes that this job has used, released claims only */
  nodeMs: number
  /** of the job at the top: the same of the jobs below it that are cleaned up */
  nodeMsBelow: number
  createdAt: number
  startedAt: number | null
  finishedAt: number | null
}

/** One node serving a job. `reserved`: it will, after the inputs it is still running for another one. */
export interface Claim {
  nodeId: NodeId
  state: 'reserved' | 'active'
  slots: number
  /** the runner (BullMQ worker id) once it has started */
  runnerId: RunnerId | null
  claimedAt: number
  /** what the node does before it serves, as part of a sentence: `installing sharp@0.34.5` */
  preparing?: string
}

/** What `job.status()` shows. `running`: calls under way now; `waiting`: all that were not started yet or will be again. */
export interface JobStatus {
  id: JobId
  /** the job in one of whose calls it was started */
  parentId: JobId | null
  kind: JobKind
  name: string
  state: JobState
  inputs: { known: number; waiting: number; running: number; completed: number; failed: number }
  nodes: number
  slots: number
  /** why the job is `cancelling`, `failed` or `cancelled`, or what it waits for, where nothing of it runs yet; one sentence */
  reason: string | null
  createdAt: number
  startedAt: number | null
  finishedAt: number | null
  /** until when the results of a submitted job are kept; `null` while it runs, and for attached jobs */
  keptUntilAt: number | null
}

/** What a program or a runner needs to work on one job and nothing else. */
export interface JobCredentials {
  jobId: JobId
  redis: RedisAddress
  username: string
  password: string
}

export type RedisAddress = { path: string } | { host: string; port: number; tls?: boolean }

export interface NodeRecord extends NodeSize {
  id: NodeId
  state: 'booting' | 'idle' | 'claimed' | 'draining'
  jobId: JobId | null
  /** calls under way */
  running: number
  /** why it cannot start a runner, as of its last try */
  fault: string | null
  /** a warm runner is ready: the next job starts in milliseconds */
  warm: boolean
  /** the job on which the node's warm runners rehearse */
  rehearsalId: JobId | null
  provider: string
  startedAt: number
}

/** A node as others see it. `lost`: nothing was heard of it for 15 s. */
export interface NodeStatus extends Omit<NodeRecord, 'state' | 'rehearsalId'> {
  state: NodeRecord['state'] | 'lost'
  lastSeenAt: number
}

/** How many nodes and jobs a cluster has now, by state; states without any are left out. */
export interface ClusterStatus {
  nodes: Partial<Record<NodeState, number>>
  /** of the nodes that are not lost */
  cpus: number
  jobs: Partial<Record<JobState, number>>
}

/** A message on the bell channel. */
export type Bell = { type: 'demand'; jobId: JobId } | { type: 'cancel'; jobId: JobId } | { type: 'done'; jobId: JobId }
