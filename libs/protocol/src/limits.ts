/** Times, windows and bounds that several parts share. Each carries its unit in its name. */

/** Agents and runners say that they live this often ... */
export const heartbeatEveryMs = 2_000
/** ... and are declared lost after this long without a word (design section 6). */
export const lostAfterMs = 15_000
/** ... but a runner that sees its claim not renewed kills its slots before that: by then others may run its inputs. */
export const lapsedAfterMs = 12_000
/** A claim's key outlives a silence of its node: its time left says, by Redis's own clock, how long the silence is. */
export const claimExpiryMs = 60_000

/** BullMQ's lock and stalled check: the safety net behind our own declaration of loss. */
export const lockDurationMs = 30_000
export const stalledIntervalMs = 10_000

/** An input that was running on this many lost runners gets the error `InputLost` (P2). */
export const lossesPerInput = 3

/** With fewer nodes than jobs, a node changes jobs after this long (P3). */
export const turnMs = 5_000

/** P6: how much an attached job keeps in Redis, each way. */
export const windowBytes = 64 * 1024 * 1024
export const windowInputs = 10_000
export const windowInputsPerSlot = 4

/** Inputs up to this size travel inside BullMQ's JSON, larger ones beside the queue (section 6 of the research: ~4x cheaper). */
export const inlineInputBytes = 16 * 1024

/** The largest input and the largest result. Redis's own limit of a string is 512 MiB. */
export const largestValueBytes = 256 * 1024 * 1024
/** The largest shipped function, with what it closes over. */
export const largestFunctionBytes = 256 * 1024 * 1024
/** The largest folder of a package that is in no registry and travels with a function. */
export const largestPackageBytes = 64 * 1024 * 1024

/** Elements of the option `packages`. */
export const mostPackages = 1_000

/** A runner holds inputs in advance only for this much measured work (design section 6). */
export const heldWorkMs = 20

/** P10: a client says this often that it is there. */
export const clientHeartbeatMs = 5_000
/** P10: how long the client of a job is waited for when its process is known to have ended. */
export const clientGoneMs = 60_000
/** P10: how long a silent client is waited for, when the caller does not say. */
export const defaultClientGraceMs = 15 * 60 * 1000

/** P6: how much all inputs of a submitted job may be together, encoded; over it they are refused. */
export const keptInputBytes = 1024 * 1024 * 1024
/** P6: how much of its results a submitted job keeps, encoded; over it the job fails. */
export const keptResultBytes = 1024 * 1024 * 1024
/** How long a submitted job's results are kept after its end, when the caller does not say, and at most. */
export const defaultRetentionMs = 24 * 60 * 60 * 1000
export const longestRetentionMs = 30 * 24 * 60 * 60 * 1000

/** `burla.jobs()` and the api list this many jobs at most. */
export const mostListedJobs = 10_000

/** How long the record of a job is kept after its end; that of a submitted one, after its results have gone. */
export const recordRetentionMs = 24 * 60 * 60 * 1000

/** P6: what a job's history keeps: records of its newest inputs, its first failures, its newest lines. */
export const historyInputs = 10_000
export const historyFailures = 1_000
export const historyLineBytes = 16 * 1024 * 1024
/** Of a failure's message, this much. */
export const historyMessageBytes = 1024

/** Jobs may be started inside calls of jobs this many times over: a recursion that has no end gets one. */
export const deepestJob = 32
/** All functions that the calls of one job may ship together. */
export const largestShippedBytes = 256 * 1024 * 1024
