/** The docker host of an agent that is itself a container: it finds out from the engine what it is not told. */
import type Docker from 'dockerode'
import type { MountSettings } from 'dockerode'
import { BurlaError } from '@burla/protocol'
import { pause } from '@burla/queue'
import type { RunnerHost } from '../runner-host.ts'
import { labelsOf, removeBelongings, type Owner } from './belongings.ts'
import { startDockerHost } from './docker-host.ts'
import type { NpmSettings } from './layer-builder.ts'
import { findReachable, findSelf, type Self } from './surroundings.ts'

export interface NodeHostOptions {
  docker: Docker
  nodeId: string
  cpus: number
  memoryGiB: number
  /** of jobs that ask for none */
  image: string
  /** our runner's code in the agent's image */
  codeFolder: string
  /** where the agent has the folder of all nodes mounted */
  sharedFolder: string
  /** where the agent has the folder of all layers mounted */
  layersFolder: string
  npm: NpmSettings
  /** runners must reach whoever has these names in the networks of the agent */
  names: string[]
  say: (message: string) => void
}

const askAgainMs = 1_000

/** Waits for the engine, without end: what the node is waiting for is in its log. */
export async function startNodeHost(options: NodeHostOptions, signal: AbortSignal): Promise<RunnerHost> {
  for (;;) {
    try {
      return await startOnce(options)
    } catch (error) {
      if (error instanceof BurlaError) throw error
      signal.throwIfAborted()
      options.say(`waiting for the engine: ${(error as Error).message}`)
      await pause(askAgainMs, signal)
      signal.throwIfAborted()
    }
  }
}

async function startOnce({
  codeFolder,
  sharedFolder,
  layersFolder,
  npm,
  names,
  nodeId,
  ...options
}: NodeHostOptions): Promise<RunnerHost> {
  const { docker } = options
  const self = await findSelf(docker)
  const owner: Owner = { cluster: self.cluster, nodeId, agent: self.id }
  const shared = mountOf(self, sharedFolder, 'it is the folder that all nodes see')
  const layers = mountOf(self, layersFolder, 'it is where packages of functions are installed')
  // What an earlier life of this container has left: its names are taken by nobody else.
  await removeBelongings(docker, owner, 'orphaned')
  return startDockerHost({
    ...options,
    owner,
    shared,
    layers: { ...layers, folder: layersFolder, npm },
    code: await copyCode(docker, { self, owner, codeFolder }),
    reachable: () => findReachable(docker, self.networks, names),
  })
}

function mountOf(self: Self, folder: string, why: string): Pick<MountSettings, 'Type' | 'Source'> {
  const mounted = self.mountOf(folder)
  if (mounted) return mounted
  throw new BurlaError('CLUSTER_START_FAILED', `mount a volume at ${folder} of the agent's container: ${why}`)
}

/**
 * A volume with our runner's code, for containers of any image: an engine fills a new volume with what the image has at
 * the place where it is mounted. One per node, so that whoever made it can remove it.
 */
async function copyCode(
  docker: Docker,
  { self, owner, codeFolder }: { self: Self; owner: Owner; codeFolder: string },
): Promise<Pick<MountSettings, 'Type' | 'Source'>> {
  const Name = `burla-code-${owner.nodeId}`
  const Labels = labelsOf(owner)
  await docker.createVolume({ Name, Labels })
  const Mounts: MountSettings[] = [{ Type: 'volume', Source: Name, Target: codeFolder }]
  const container = await docker.createContainer({
    Image: self.image,
    Labels,
    HostConfig: { Mounts, NetworkMode: 'none' },
  })
  await container.remove({ force: true })
  return { Type: 'volume', Source: Name }
}
