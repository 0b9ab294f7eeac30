/**
 * Notes in Redis which calls are running here, many at once and without waiting: the note is for the loss of this
 * runner and for the jobs that a call starts, and is on its way before the call's result can be.
 */
import { begin, untilStored, type BegunCall, type Redis } from '@burla/queue'
import type { JobId } from '@burla/protocol'

export function createBeginMarks(options: {
  redis: Redis
  jobId: JobId
  runnerId: string
  onTrouble: (error: Error) => void
  over: AbortSignal
}): (call: BegunCall) => void {
  const { redis, jobId, runnerId, onTrouble, over } = options
  let calls: BegunCall[] = []
  return (call) => {
    calls.push(call)
    if (calls.length > 1) return
    setImmediate(() => {
      const begun = calls
      calls = []
      untilStored(() => begin(redis, jobId, runnerId, begun), over).catch((error: Error) => {
        if (!over.aborted) onTrouble(error)
      })
    })
  }
}
