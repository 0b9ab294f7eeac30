/** The cluster that a command is about: BURLA_CLUSTER_URL (with BURLA_TOKEN), else the one that stays on this machine. */
import { BurlaError } from '@burla/protocol'
import { createApiClient, type ApiClient } from '../clusters/api-client.ts'
import { createCluster, type Cluster } from '../clusters/cluster.ts'
import { stayingCluster, whichCluster } from '../clusters/which-cluster.ts'

async function connect(): Promise<ApiClient> {
  const choice = whichCluster(undefined, process.env)
  const found = choice.type === 'remote' ? choice : choice.type === 'unsaid' ? await stayingCluster() : undefined
  if (found === undefined) {
    throw new BurlaError(
      'CLUSTER_UNREACHABLE',
      'no cluster is running on this machine: start one with `burla dashboard`, or set BURLA_CLUSTER_URL to one elsewhere',
    )
  }
  return createApiClient(found, found.token)
}

/** Asks, and lets the connection go. */
export async function withCluster<T>(ask: (cluster: Cluster, api: ApiClient) => Promise<T>): Promise<T> {
  const api = await connect()
  try {
    return await ask(createCluster(api), api)
  } finally {
    api.close()
  }
}
