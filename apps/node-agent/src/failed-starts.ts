/** A job whose runners end before they serve anything of it, several times in a row, is failed with the reason (P7). */
import { cancelJob, type Redis } from '@burla/queue'
import type { JobId, NodeId } from '@burla/protocol'
import { inOneLine } from './job-runners.ts'

export interface FailedStarts {
  /** `unserved`: how the runner ended, where that was before it served anything of the job. */
  released(jobId: JobId, unserved: string | undefined): Promise<void>
}

const failuresPerJob = 3

export function createFailedStarts(redis: Redis, nodeId: NodeId, signal: AbortSignal): FailedStarts {
  const failures = new Map<JobId, number>()
  return {
    async released(jobId, unserved) {
      if (unserved === undefined) return void failures.delete(jobId)
      const failed = (failures.get(jobId) ?? 0) + 1
      failures.set(jobId, failed)
      if (failed < failuresPerJob || signal.aborted) return
      const reason = `${failed} runners in a row ended on node ${nodeId} before they could serve it, the last one with ${inOneLine(unserved)}`
      await cancelJob(redis, jobId, { outcome: 'failed', reason })
    },
  }
}
