/** A cluster on this machine, private to this program. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { startSupervisor, type ClusterShape, type RunningCluster } from './start-supervisor.ts'

export interface LocalClusterOptions extends ClusterShape {
  /** the folder that functions see as `shared/`; default `burla-shared` of the working directory; removed at the end when empty */
  sharedDir?: string
}

export interface LocalCluster extends RunningCluster {
  readonly api: { socketPath: string }
}

/** Resolves when the api answers and all nodes are there. The cluster does not keep this program from ending. */
export async function startLocalCluster({ sharedDir, ...shape }: LocalClusterOptions = {}): Promise<LocalCluster> {
  const token = randomBytes(24).toString('base64url')
  const { running, details } = await startSupervisor({
    name: 'the embedded cluster',
    home: { type: 'embedded', token, sharedDir: sharedDir ?? join(process.cwd(), 'burla-shared') },
    shape,
    readyWithinMs: 30_000,
  })
  return Object.assign(running, { api: details.listen as { socketPath: string } })
}
