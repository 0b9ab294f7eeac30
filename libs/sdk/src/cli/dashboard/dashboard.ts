/** `burla dashboard`: a cluster that stays until Ctrl-C. */
import { BurlaError } from '@burla/protocol'
import type { DataFolder, FoundCluster } from '@burla/local-cluster/discovery'
import { createApiClient } from '../../clusters/api-client.ts'
import { describeCluster, describeFound } from './descriptions.ts'
import { untilEnded } from './ending.ts'

interface DashboardOptions {
  /** as asked for; undefined: any would do */
  port: number | undefined
  defaultPort: number
  json: boolean
}

/** Resolves when the cluster was ended by the user, or is another process's. */
export async function dashboard({ port, defaultPort, json }: DashboardOptions): Promise<void> {
  const { dataFolder, discoverCluster } = await import('@burla/local-cluster/discovery')
  const folder = dataFolder()
  const there = discoverCluster(folder)
  if (there) return sayFound(there, { port, folder, json })

  const { startStayingCluster } = await import('@burla/local-cluster')
  let cluster
  try {
    cluster = await startStayingCluster({ port: port ?? defaultPort })
  } catch (error) {
    // Two starts at once: the other one was faster.
    const other = error instanceof BurlaError && error.code === 'CLUSTER_CONFLICT' ? discoverCluster(folder) : undefined
    if (other === undefined) throw error
    return sayFound(other, { port, folder, json })
  }
  const { url } = cluster.api
  const facts = { url, pid: process.pid, tokenFile: folder.token, sharedDir: cluster.sharedDir, logFolder: folder.log }
  const api = createApiClient({ url }, cluster.token)
  try {
    process.stdout.write(json ? `${JSON.stringify({ started: true, ...facts }, null, 2)}\n` : describeCluster(facts))
    const why = await untilEnded(cluster, api)
    if (why) throw why
  } finally {
    api.close()
  }
}

function sayFound(
  { url, supervisor }: FoundCluster,
  { port, folder, json }: { port: number | undefined; folder: DataFolder; json: boolean },
): void {
  if (port !== undefined && port !== Number(new URL(url).port)) {
    throw new BurlaError(
      'CLUSTER_CONFLICT',
      `your cluster on this machine is up already, at ${url}; end it to start it at port ${port}, or use it as it is (\`burla dashboard\` without --port)`,
    )
  }
  const facts = { url, pid: supervisor.pid, tokenFile: folder.token, sharedDir: folder.shared, logFolder: folder.log }
  process.stdout.write(json ? `${JSON.stringify({ started: false, ...facts }, null, 2)}\n` : describeFound(facts))
}
