/**
 * The life of a job:
 *
 *   waiting -> running -> completed            every input has a result
 *      |          |
 *      +----------+-----> cancelling -> cancelled   a user ended it
 *                                    -> failed      a `map` was ended by an input's error, or the job cannot go on
 *
 * and of a node:
 *
 *   booting -> idle <-> claimed -> draining -> gone
 *                 \________|__________/
 *                          +--> lost
 */
export const jobStates = ['waiting', 'running', 'cancelling', 'completed', 'failed', 'cancelled'] as const
/** A job in one of these is not over. */
export const liveJobStates = ['waiting', 'running', 'cancelling'] as const
export type JobState = (typeof jobStates)[number]

export const nodeStates = ['booting', 'idle', 'claimed', 'draining', 'lost', 'gone'] as const
export type NodeState = (typeof nodeStates)[number]

/** A finished job takes no more results and is never run again. */
export function isFinished(state: JobState): boolean {
  return !(liveJobStates as readonly JobState[]).includes(state)
}
