/**
 * A job that no node can serve says why, while it waits; and when no node has come that can, it fails with that reason
 * (P7). A cluster without any node is waited for: nodes are about to come, or whoever keeps it takes a rest.
 */
import { isFinished, slotsOn, whyNoneFits, type JobId, type NodeStatus } from '@burla/protocol'
import type { JobView } from './job-view.ts'

/** Long enough for a node that is started again, and for runners that fail now and then. */
export const unservableAfterMs = 60_000

export interface Unservable {
  reason: string
  /** nodes are there, and none of them can serve it */
  hopeless: boolean
}

/** As it is now; `undefined`: a node can serve it, or none is needed. Pure. */
export function whyUnservable(
  { record, claims, waiting, delayed }: JobView,
  nodes: NodeStatus[],
): Unservable | undefined {
  if (isFinished(record.state) || record.state === 'cancelling') return undefined
  if (claims.length > 0 || waiting + delayed === 0) return undefined
  const there = nodes.filter(({ state }) => state !== 'lost')
  if (there.length === 0) return { reason: 'no node is there', hopeless: false }
  const reason = whyNoneFits(there, record.call)
  if (reason !== undefined) return { reason, hopeless: true }
  const largeEnough = there.filter((node) => slotsOn(node, record.call) > 0)
  const faults = largeEnough.flatMap(({ id, fault }) => (fault === null ? [] : [`on node ${id}: ${fault}`]))
  if (faults.length < largeEnough.length) return undefined
  return { reason: `no runner can be started ${faults.join('; ')}`, hopeless: true }
}

export interface Hopelessness {
  /** Whether the job has been hopeless for too long. To be asked again and again. */
  lasts(jobId: JobId, isHopeless: boolean, now?: number): boolean
}

export function createHopelessness(mostMs: number): Hopelessness {
  const since = new Map<JobId, number>()
  return {
    lasts(jobId, isHopeless, now = Date.now()) {
      if (!isHopeless) {
        since.delete(jobId)
        return false
      }
      const from = since.get(jobId) ?? now
      since.set(jobId, from)
      return now - from >= mostMs
    },
  }
}
