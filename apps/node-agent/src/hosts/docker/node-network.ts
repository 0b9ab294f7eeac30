/**
 * The network of one node: made and removed by its agent, with Redis and the api in it. They are looked for again and
 * again, because a container that is made anew is in the networks of its compose file only.
 */
import type Docker from 'dockerode'
import type { Reachable } from './surroundings.ts'
import { statusOf } from './images.ts'

export interface NodeNetwork {
  readonly name: string
  /** Makes it true again: the network is there, and all of `reachable` are in it. */
  join(reachable: Reachable[]): Promise<void>
  remove(): Promise<void>
}

export function nodeNetwork(docker: Docker, name: string, labels: Record<string, string>): NodeNetwork {
  const network = docker.getNetwork(name)
  return {
    name,
    async join(reachable) {
      const members = await membersOf(docker, name, labels)
      for (const { id, aliases } of reachable) {
        if (members.includes(id)) continue
        await network.connect({ Container: id, EndpointConfig: { Aliases: aliases } }).catch(unlessGone)
      }
    },
    remove: () => removeNetwork(docker, name),
  }
}

async function membersOf(docker: Docker, name: string, labels: Record<string, string>): Promise<string[]> {
  const there = await inspect(docker, name)
  if (there) return there
  await docker.createNetwork({ Name: name, Driver: 'bridge', Labels: labels })
  return []
}

/**
 * With whoever is in it: they stay in their other networks. Also those that do not run now, as when the engine ends with
 * all of its containers: it never again starts one that is in a network which is gone.
 */
export async function removeNetwork(docker: Docker, name: string): Promise<void> {
  const network = docker.getNetwork(name)
  for (const { Id } of await docker.listContainers({ all: true, filters: { network: [name] } })) {
    await network.disconnect({ Container: Id, Force: true }).catch(unlessGone)
  }
  await network.remove().catch(unlessGone)
}

/** Ids of the containers in it; undefined: there is no such network. */
async function inspect(docker: Docker, name: string): Promise<string[] | undefined> {
  try {
    const { Containers } = (await docker.getNetwork(name).inspect()) as { Containers?: Record<string, unknown> }
    return Object.keys(Containers ?? {})
  } catch (error) {
    if (statusOf(error) === 404) return undefined
    throw error
  }
}

/** 404: it has ended meanwhile. 403, 409: it is in or out already. */
function unlessGone(error: unknown): void {
  if (![403, 404, 409].includes(statusOf(error) ?? 0)) throw error
}
