/** How much there is of what, at one glance. */
import type { Redis } from 'ioredis'
import { isFinished, type ClusterStatus } from '@burla/protocol'
import { viewLiveJobs } from './job-view.ts'
import { listNodes } from './nodes.ts'

export async function readClusterStatus(redis: Redis): Promise<ClusterStatus> {
  const [nodes, views] = await Promise.all([listNodes(redis), viewLiveJobs(redis)])
  return {
    nodes: countStates(nodes),
    cpus: nodes.reduce((sum, node) => (node.state === 'lost' ? sum : sum + node.cpus), 0),
    // One that was over a moment ago is among the live ones still.
    jobs: countStates(views.map(({ record }) => record).filter(({ state }) => !isFinished(state))),
  }
}

function countStates<S extends string>(things: { state: S }[]): Partial<Record<S, number>> {
  const counts: Partial<Record<S, number>> = {}
  for (const { state } of things) counts[state] = (counts[state] ?? 0) + 1
  return counts
}
