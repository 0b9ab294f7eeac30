/**
 * Which cluster a job goes to: inside a function, the one that it runs on; else the option `cluster`, else
 * BURLA_CLUSTER_URL (with BURLA_TOKEN), else the one of this user that stays on this machine (`burla dashboard`), else an
 * embedded one.
 */
import { BurlaError, insideOfCall, type Inside } from '@burla/protocol'
import { createApiClient } from './api-client.ts'
import { createCluster, type Cluster } from './cluster.ts'
import { embeddedCluster, runningEmbedded } from './embedded.ts'
import { insideCluster, refuseOtherCluster } from './inside-cluster.ts'

/** `unsaid`: which one there is then, is seen when the job is made. */
export type ClusterChoice =
  { type: 'unsaid' } | { type: 'embedded' } | { type: 'inside'; inside: Inside } | RemoteChoice
export interface RemoteChoice {
  type: 'remote'
  url: string
  token: string | undefined
}

const remotes = new Map<string, Cluster>()

export function whichCluster(option: string | undefined, env: NodeJS.ProcessEnv): ClusterChoice {
  const inside = insideOfCall()
  if (inside) {
    refuseOtherCluster(option)
    return { type: 'inside', inside }
  }
  const address = option ?? env.BURLA_CLUSTER_URL
  if (address === undefined || address === '') return { type: 'unsaid' }
  if (address === 'embedded') return { type: 'embedded' }
  const from = option === undefined ? 'BURLA_CLUSTER_URL' : 'the option "cluster"'
  if (!/^https?:$/.test(protocolOf(address))) {
    throw new BurlaError(
      'OPTION_INVALID',
      `${from} is "${address}"; it must be an address like https://burla.example.com, or "embedded"`,
    )
  }
  return { type: 'remote', url: address, token: env.BURLA_TOKEN }
}

/** `image`: of the job that it is for; an embedded cluster is not started for one that it cannot run. */
export async function openCluster(choice: ClusterChoice, { image }: { image: string | null }): Promise<Cluster> {
  const remote = await openRemote(choice)
  if (remote) return remote
  if (image === null) return embeddedCluster()
  throw new BurlaError(
    'NOT_SUPPORTED',
    `the image ${image} was asked for, and an embedded cluster runs functions as processes of this machine; leave the option "image" out, or set BURLA_CLUSTER_URL to a cluster in containers`,
  )
}

/** Without starting one: a question is no reason to. */
export async function openExistingCluster(choice: ClusterChoice): Promise<Cluster | undefined> {
  return (await openRemote(choice)) ?? runningEmbedded()
}

/** One that is still there when this program has ended; `purpose`: the beginning of a sentence. */
export async function openLastingCluster(choice: ClusterChoice, purpose: string): Promise<Cluster> {
  const cluster = await openRemote(choice)
  if (cluster) return cluster
  throw new BurlaError(
    'NOT_SUPPORTED',
    `${purpose} needs a cluster that outlives this program, and an embedded one does not: start one with \`burla dashboard\`, or set BURLA_CLUSTER_URL`,
  )
}

async function openRemote(choice: ClusterChoice): Promise<Cluster | undefined> {
  if (choice.type === 'inside') return insideCluster(choice.inside)
  const remote = choice.type === 'unsaid' ? await stayingCluster() : choice
  if (remote === undefined || remote.type === 'embedded') return undefined
  const key = JSON.stringify([remote.url, remote.token])
  const cluster = remotes.get(key) ?? createCluster(createApiClient(remote, remote.token))
  remotes.set(key, cluster)
  return cluster
}

/** The cluster of `burla dashboard`, where one is up. */
export async function stayingCluster(): Promise<RemoteChoice | undefined> {
  const { discoverCluster } = await import('@burla/local-cluster/discovery')
  const found = discoverCluster()
  return found && { type: 'remote', url: found.url, token: found.token }
}

function protocolOf(address: string): string {
  try {
    return new URL(address).protocol
  } catch {
    return 'none'
  }
}
