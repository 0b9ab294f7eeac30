/**
 * Notes in Redis which inputs are running here, many at once and without waiting: the note is for the loss of this
 * runner, and is on its way before the call's result can be.
 */
import { begin, type Redis } from '@burla/queue'
import type { JobId } from '@burla/protocol'

export function createBeginMarks(options: {
  redis: Redis
  jobId: JobId
  runnerId: string
  onTrouble: (error: Error) => void
}): (index: number) => void {
  const { redis, jobId, runnerId, onTrouble } = options
  let indexes: number[] = []
  return (index) => {
    indexes.push(index)
    if (indexes.length > 1) return
    setImmediate(() => {
      const started = indexes
      indexes = []
      begin(redis, jobId, runnerId, started).catch(onTrouble)
    })
  }
}
