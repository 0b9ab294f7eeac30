/**
 * What agents make on an engine carries labels: of which cluster it is, for which node, and which agent's container owns
 * it. An agent removes its own at its end. What an agent could not remove, because it was killed, goes when the next one
 * looks: anything whose owner does not run (P8). `docker ps -a --filter label=burla.cluster` shows all there is.
 */
import type Docker from 'dockerode'
import { removeNetwork } from './node-network.ts'
import { statusOf } from './images.ts'

export interface Owner {
  cluster: string
  nodeId: string
  /** id of the agent's container; empty where the agent is no container: then nobody else removes what is its own */
  agent: string
}

export function labelsOf({ cluster, nodeId, agent }: Owner): Record<string, string> {
  return { 'burla.cluster': cluster, 'burla.node': nodeId, 'burla.agent': agent }
}

/** Removes what this node has made, and what is left of agents of its cluster that do not run. */
export async function removeBelongings(docker: Docker, owner: Owner, which: 'own' | 'orphaned'): Promise<void> {
  const filters = { label: [`burla.cluster=${owner.cluster}`] }
  const goes = await createJudge(docker, owner, which)
  for (const { Id, Labels } of await docker.listContainers({ all: true, filters })) {
    if (await goes(Labels)) await docker.getContainer(Id).remove({ force: true, v: true }).catch(unlessGone)
  }
  for (const { Name, Labels } of await docker.listNetworks({ filters })) {
    if (await goes(Labels ?? {})) await removeNetwork(docker, Name)
  }
  const { Volumes } = await docker.listVolumes({ filters })
  for (const { Name, Labels } of Volumes ?? []) {
    if (await goes(Labels)) await docker.getVolume(Name).remove().catch(unlessGone)
  }
}

/** Each owner is looked up once. */
async function createJudge(docker: Docker, { nodeId, agent }: Owner, which: 'own' | 'orphaned') {
  const runs = new Map<string, boolean>()
  return async (labels: Record<string, string>): Promise<boolean> => {
    const node = labels['burla.node']
    const owner = labels['burla.agent'] ?? ''
    if (node === undefined) return false
    if (node === nodeId) return which === 'own'
    if (owner === '') return false
    // This agent was here before, with another id.
    if (owner === agent) return true
    if (!runs.has(owner)) runs.set(owner, await isRunning(docker, owner))
    return !runs.get(owner)
  }
}

async function isRunning(docker: Docker, id: string): Promise<boolean> {
  try {
    const { State } = await docker.getContainer(id).inspect()
    return State.Running || State.Restarting
  } catch (error) {
    if (statusOf(error) === 404) return false
    throw error
  }
}

/** 404: somebody else was quicker. 409: it is being removed, or still in use: the next look finds it. */
function unlessGone(error: unknown): void {
  if (![404, 409].includes(statusOf(error) ?? 0)) throw error
}
