/** `burla dashboard`: a cluster that stays until Ctrl-C. */
import { BurlaError } from '@burla/protocol'
import type { DataFolder, FoundCluster } from '@burla/local-cluster/discovery'
import { createApiClient, type ApiClient } from '../../clusters/api-client.ts'
import { describeCluster, type ClusterFacts } from './descriptions.ts'
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
  const api = createApiClient(cluster.api, cluster.token)
  try {
    await say({ started: true, url: cluster.api.url, pid: process.pid }, { folder, json, api })
    const why = await untilEnded(cluster, api)
    if (why) throw why
  } finally {
    api.close()
  }
}

/** The cluster that is there: what it is, and another way in for a browser. */
async function sayFound(
  { url, token, program: pid }: FoundCluster,
  { port, folder, json }: { port: number | undefined; folder: DataFolder; json: boolean },
): Promise<void> {
  if (port !== undefined && port !== Number(new URL(url).port)) {
    throw new BurlaError(
      'CLUSTER_CONFLICT',
      `your cluster on this machine is up already, at ${url}; end it to start it at port ${port}, or use it as it is (\`burla dashboard\` without --port)`,
    )
  }
  const api = createApiClient({ url }, token)
  try {
    await say({ started: false, url, pid }, { folder, json, api })
  } finally {
    api.close()
  }
}

async function say(
  cluster: Pick<ClusterFacts, 'started' | 'url' | 'pid'>,
  { folder, json, api }: { folder: DataFolder; json: boolean; api: ApiClient },
): Promise<void> {
  const { code } = (await api.request('POST', '/v1/session/codes')) as { code: string }
  const { token: tokenFile, shared: sharedDir, log: logFolder } = folder
  const facts = { ...cluster, browserUrl: `${cluster.url}/#code=${code}`, tokenFile, sharedDir, logFolder }
  process.stdout.write(json ? `${JSON.stringify(facts, null, 2)}\n` : describeCluster(facts))
}
