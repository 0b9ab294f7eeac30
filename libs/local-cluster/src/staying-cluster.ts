/**
 * A cluster on this machine that all programs of this user find and share. It ends with the program that started it;
 * its jobs, users, key and token are kept in the user's data folder, and the next start goes on with them.
 */
import { startSupervisor, type ClusterShape, type RunningCluster } from './start-supervisor.ts'
import { dataFolder } from './staying/data-folder.ts'

export interface StayingClusterOptions extends ClusterShape {
  /** of the loopback; 0: any free one */
  port: number
}

export interface StayingCluster extends RunningCluster {
  readonly api: { url: string }
  /** what functions see as `shared/` */
  readonly sharedDir: string
}

/** Reading the append-only file of a cluster with much data takes its time. */
const readyWithinMs = 10 * 60_000

/**
 * Resolves when the cluster can be used. Rejects with CLUSTER_CONFLICT when one of this user is there already (see
 * `discoverCluster`) or the port is taken.
 */
export async function startStayingCluster({ port, ...shape }: StayingClusterOptions): Promise<StayingCluster> {
  const { running, details } = await startSupervisor({
    name: 'the cluster',
    home: { type: 'staying', dataFolder: dataFolder().path, port },
    shape,
    readyWithinMs,
  })
  const { host, port: chosen } = details.listen as { host: string; port: number }
  return Object.assign(running, { api: { url: `http://${host}:${chosen}` }, sharedDir: details.sharedDir })
}
