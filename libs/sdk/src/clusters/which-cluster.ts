/** Which cluster a job goes to: the option `cluster`, else BURLA_CLUSTER_URL (with BURLA_TOKEN), else an embedded one. */
import { BurlaError } from '@burla/protocol'
import { createApiClient } from './api-client.ts'
import { createCluster, type Cluster } from './cluster.ts'
import { embeddedCluster } from './embedded.ts'

export type ClusterChoice = { type: 'embedded' } | { type: 'remote'; url: string; token: string | undefined }

const remotes = new Map<string, Cluster>()

export function whichCluster(option: string | undefined, env: NodeJS.ProcessEnv): ClusterChoice {
  const address = option ?? env.BURLA_CLUSTER_URL
  if (address === undefined || address === '' || address === 'embedded') return { type: 'embedded' }
  const from = option === undefined ? 'BURLA_CLUSTER_URL' : 'the option "cluster"'
  if (!/^https?:$/.test(protocolOf(address))) {
    throw new BurlaError(
      'OPTION_INVALID',
      `${from} is "${address}"; it must be an address like https://burla.example.com, or "embedded"`,
    )
  }
  return { type: 'remote', url: address, token: env.BURLA_TOKEN }
}

export async function openCluster(choice: ClusterChoice): Promise<Cluster> {
  if (choice.type === 'embedded') return embeddedCluster()
  const key = JSON.stringify([choice.url, choice.token])
  const cluster = remotes.get(key) ?? createCluster(createApiClient(choice, choice.token))
  remotes.set(key, cluster)
  return cluster
}

function protocolOf(address: string): string {
  try {
    return new URL(address).protocol
  } catch {
    return 'none'
  }
}
