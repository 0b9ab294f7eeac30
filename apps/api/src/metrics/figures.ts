/** The figures of the cluster and of the api's own process, as metrics. */
import { liveJobStates, nodeStates } from '@burla/protocol'
import type { ClusterLoad } from '@burla/queue'
import type { Metric } from './exposition.ts'

/** Every state has its series, also while nothing is in it: an alert on one that is missing would never fire. */
export function clusterFigures({ nodes, cpus, jobs, inputs, slots, redisMemory }: ClusterLoad): Metric[] {
  return [
    gauge('burla_nodes', 'Nodes, by state.', byState(nodeStates, nodes)),
    gauge('burla_node_cpus', 'CPUs of the nodes that are not lost.', cpus),
    gauge('burla_slots', 'Calls that can run at the same moment on the nodes that serve a job.', slots),
    gauge('burla_jobs', 'Jobs that are not over, by state.', byState(liveJobStates, jobs)),
    gauge(
      'burla_inputs',
      'Inputs without a result, of jobs that are not over.',
      byState(['waiting', 'running'], inputs),
    ),
    gauge('burla_redis_memory_used_bytes', 'Memory that Redis uses.', redisMemory.usedBytes),
    gauge(
      'burla_redis_memory_limit_bytes',
      'Memory that Redis may use; 0: no limit of its own.',
      redisMemory.limitBytes,
    ),
  ]
}

export function processFigures(): Metric[] {
  const { user, system } = process.cpuUsage()
  return [
    {
      name: 'process_cpu_seconds_total',
      help: 'CPU time of the api.',
      type: 'counter',
      samples: [{ value: (user + system) / 1e6 }],
    },
    gauge('process_resident_memory_bytes', 'Resident memory of the api.', process.memoryUsage.rss()),
    gauge('process_start_time_seconds', 'When the api was started, since the epoch.', performance.timeOrigin / 1000),
  ]
}

function gauge(name: string, help: string, value: number | Metric['samples']): Metric {
  return { name, help, type: 'gauge', samples: typeof value === 'number' ? [{ value }] : value }
}

function byState<S extends string>(states: readonly S[], counts: Partial<Record<S, number>>): Metric['samples'] {
  return states.map((state) => ({ labels: { state }, value: counts[state] ?? 0 }))
}
