/** How much there is of what, at one glance. */
import type { Redis } from 'ioredis'
import { isFinished, type ClusterStatus } from '@burla/protocol'
import { statusOf, viewLiveJobs } from './job-view.ts'
import { listNodes } from './nodes.ts'

export async function readClusterStatus(redis: Redis): Promise<ClusterStatus> {
  const { inputs: _inputs, slots: _slots, redisMemory: _memory, ...status } = await readClusterLoad(redis)
  return status
}

/** What there is to do, and with what. */
export interface ClusterLoad extends ClusterStatus {
  /** of the jobs that are not over: inputs without a result, running now or not */
  inputs: { waiting: number; running: number }
  /** calls that can run at the same moment on the nodes that serve a job now */
  slots: number
  /** `limitBytes` is 0 where Redis has no limit of its own */
  redisMemory: { usedBytes: number; limitBytes: number }
}

export async function readClusterLoad(redis: Redis): Promise<ClusterLoad> {
  const [nodes, views, info] = await Promise.all([listNodes(redis), viewLiveJobs(redis), redis.info('memory')])
  // One that was over a moment ago is among the live ones still.
  const jobs = views.map(statusOf).filter(({ state }) => !isFinished(state))
  const sum = (amounts: number[]) => amounts.reduce((total, amount) => total + amount, 0)
  return {
    nodes: countStates(nodes),
    cpus: sum(nodes.map(({ state, cpus }) => (state === 'lost' ? 0 : cpus))),
    jobs: countStates(jobs),
    inputs: {
      waiting: sum(jobs.map(({ inputs }) => inputs.waiting)),
      running: sum(jobs.map(({ inputs }) => inputs.running)),
    },
    slots: sum(jobs.map(({ slots }) => slots)),
    redisMemory: { usedBytes: infoNumber(info, 'used_memory'), limitBytes: infoNumber(info, 'maxmemory') },
  }
}

/** One line of Redis's INFO: `used_memory:1048576` */
function infoNumber(info: string, name: string): number {
  return Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0)
}

function countStates<S extends string>(things: { state: S }[]): Partial<Record<S, number>> {
  const counts: Partial<Record<S, number>> = {}
  for (const { state } of things) counts[state] = (counts[state] ?? 0) + 1
  return counts
}
