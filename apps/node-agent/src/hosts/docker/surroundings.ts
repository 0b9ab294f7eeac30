/**
 * What an agent that runs in a container finds around itself, by asking the engine: which cluster it is of, who answers
 * to the names of Redis and the api, and which volume is `shared/`. So a compose file has to say none of it twice.
 */
import { hostname } from 'node:os'
import type Docker from 'dockerode'
import type { MountSettings } from 'dockerode'
import { BurlaError } from '@burla/protocol'
import { statusOf } from './images.ts'

export interface Self {
  /** of the agent's container */
  id: string
  image: string
  /** names what is of one cluster on an engine that has several */
  cluster: string
  networks: string[]
  /** what is mounted there, for a runner */
  mountOf(folder: string): Pick<MountSettings, 'Type' | 'Source'> | undefined
}

/** Somebody whom runners must reach, and the names that they use. */
export interface Reachable {
  id: string
  aliases: string[]
}

const composeProject = 'com.docker.compose.project'

export async function findSelf(docker: Docker): Promise<Self> {
  // An engine gives a container its id as host name, unless somebody says otherwise.
  const self = await docker
    .getContainer(hostname())
    .inspect()
    .catch((error: Error) => {
      if (statusOf(error) !== 404) throw error
      const sentence = `the engine knows no container ${hostname()}: leave the host name of the agent's container as it is`
      throw new BurlaError('CLUSTER_START_FAILED', sentence, { cause: error })
    })
  const { Id: id, Image: image, Config, Mounts, NetworkSettings } = self
  return {
    id,
    image,
    cluster: Config.Labels?.[composeProject] ?? id.slice(0, 12),
    networks: Object.keys(NetworkSettings.Networks),
    mountOf(folder) {
      const found = Mounts.find(({ Destination }) => Destination === folder)
      if (!found) return undefined
      return found.Type === 'volume' && found.Name
        ? { Type: 'volume', Source: found.Name }
        : { Type: 'bind', Source: found.Source }
    },
  }
}

/** The containers in these networks that answer to one of `names`. A name that none has is somewhere outside. */
export async function findReachable(docker: Docker, networks: string[], names: string[]): Promise<Reachable[]> {
  const found: Reachable[] = []
  for (const network of networks) {
    const members = (await docker.getNetwork(network).inspect()) as { Containers?: Record<string, unknown> }
    for (const id of Object.keys(members.Containers ?? {})) {
      const aliases = (await aliasesOf(docker, id, network)).filter((alias) => names.includes(alias))
      if (aliases.length > 0) found.push({ id, aliases })
    }
  }
  return found
}

async function aliasesOf(docker: Docker, id: string, network: string): Promise<string[]> {
  try {
    const { NetworkSettings } = await docker.getContainer(id).inspect()
    return (NetworkSettings.Networks[network]?.Aliases as string[] | null | undefined) ?? []
  } catch (error) {
    // It has ended between two questions.
    if (statusOf(error) === 404) return []
    throw error
  }
}
