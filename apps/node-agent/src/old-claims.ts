/** An agent of this node died and was started again: what it had claimed is given back before anything new is. */
import { loseClaim, release, viewLiveJobs, type Redis } from '@burla/queue'

export async function leaveOldClaims(redis: Redis, nodeId: string): Promise<void> {
  for (const { record, claims } of await viewLiveJobs(redis)) {
    for (const old of claims) {
      if (old.nodeId !== nodeId) continue
      if (old.runnerId === null) await release(redis, record.id, nodeId, 0)
      else await loseClaim(redis, record.id, old)
    }
  }
}
