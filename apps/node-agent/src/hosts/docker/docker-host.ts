/**
 * Runners as containers of an engine, one each, in the job's image or the cluster's. What they are made of is in
 * `container-spec.ts`; the node's network in `node-network.ts`; that nothing is left of either, in `belongings.ts`.
 */
import type Docker from 'dockerode'
import type { MountSettings } from 'dockerode'
import { untilReady, type PartMessage } from '@burla/processes'
import { randomText, type LayerPlatform } from '@burla/protocol'
import { pause } from '@burla/queue'
import { createLayers, type Layers } from '../../layers/layers.ts'
import type { HostedRunner, RunnerHost, RunnerOptions } from '../runner-host.ts'
import { labelsOf, removeBelongings, type Owner } from './belongings.ts'
import { openContainer, type Container } from './container.ts'
import { inside, type ContainerPlan } from './container-spec.ts'
import { haveImage, whyNoRunner } from './images.ts'
import { installInContainer, type NpmSettings } from './layer-builder.ts'
import { nodeNetwork } from './node-network.ts'
import type { Reachable } from './surroundings.ts'

export interface DockerHostOptions {
  docker: Docker
  owner: Owner
  /** the image of jobs that ask for none */
  image: string
  /** of the node */
  cpus: number
  memoryGiB: number
  /** where our runner's code, and the folder of all nodes, come from */
  code: Pick<MountSettings, 'Type' | 'Source'>
  shared: Pick<MountSettings, 'Type' | 'Source'>
  /** the folder of all layers, where this process has it, and what packages come from; absent: functions bring none */
  layers?: Pick<MountSettings, 'Type' | 'Source'> & { folder: string; npm: NpmSettings }
  /** whom runners must reach, as of now */
  reachable: () => Promise<Reachable[]>
  say: (message: string) => void
}

const lookAfterEveryMs = 10_000
const upWithinMs = 30_000

/** Resolves when the node's network is there. */
export async function startDockerHost(options: DockerHostOptions): Promise<RunnerHost> {
  const { docker, owner, reachable, say } = options
  const labels = labelsOf(owner)
  const network = nodeNetwork(docker, `burla-${owner.nodeId}`, labels)
  const closing = new AbortController()
  const lookAfter = async (): Promise<void> => {
    await network.join(await reachable())
    await removeBelongings(docker, owner, 'orphaned')
  }
  await lookAfter()
  const looking = (async () => {
    while (!closing.signal.aborted) {
      await pause(lookAfterEveryMs, closing.signal)
      if (!closing.signal.aborted) await lookAfter().catch((error: Error) => say(`engine: ${error.message}`))
    }
  })()
  const plan: Omit<ContainerPlan, 'name' | 'image' | 'node'> = {
    network: network.name,
    labels,
    // An engine refuses more CPUs than it has.
    cpus: Math.min(options.cpus, ((await docker.info()) as { NCPU: number }).NCPU),
    memoryGiB: options.memoryGiB,
    mounts: [
      { ...options.code, Target: inside.code, ReadOnly: true },
      { ...options.shared, Target: inside.shared },
      ...(options.layers ? [layersMount(options.layers)] : []),
    ],
  }

  return {
    containers: true,
    folder: inside.folder,
    sharedDir: inside.shared,
    ...(options.layers && { layers: layersIn(options.layers, options, closing.signal) }),
    start(wanted) {
      const name = `burla-runner-${owner.nodeId}-${randomText(4)}`
      return startRunner(docker, { ...plan, name, image: wanted.image ?? options.image }, wanted)
    },
    async close() {
      closing.abort()
      await looking
      await removeBelongings(docker, owner, 'own').catch((error: Error) => say(`engine: ${error.message}`))
    },
  }
}

function layersMount({ Type, Source }: Pick<MountSettings, 'Type' | 'Source'>): MountSettings {
  return { Type, Source, Target: inside.layers, ReadOnly: true }
}

function layersIn(
  { folder, npm }: NonNullable<DockerHostOptions['layers']>,
  { docker, owner, image, memoryGiB, say }: DockerHostOptions,
  signal: AbortSignal,
): Layers {
  const builder = { docker, labels: labelsOf(owner), image, memoryGiB, npm, signal }
  return createLayers({
    folder,
    seenAt: inside.layers,
    signal,
    async install(plan, wanted, into) {
      const startedAt = performance.now()
      await installInContainer(builder, plan, { ...wanted, into })
      say(`layer ${plan.key.slice(0, 12)}: made of ${plan.title} in ${Math.round(performance.now() - startedAt)} ms`)
    },
  })
}

async function startRunner(
  docker: Docker,
  plan: Omit<ContainerPlan, 'node'>,
  { image, slots, rehearsal, signal, onLine }: RunnerOptions,
): Promise<HostedRunner> {
  const { node } = await haveImage(docker, plan.image, signal)
  let opened: Container | undefined
  let listener: (message: PartMessage) => void = () => undefined
  const wire = {
    name: `the runner in ${plan.image}`,
    config: { slots, rehearsal, contained: true },
    signal,
    readyWithinMs: upWithinMs,
    onMessage: (message: PartMessage) => listener(message),
  }
  const container = await untilReady(wire, async (onStdout) => {
    opened = await openContainer(docker, { ...plan, node }, { config: wire.config, onStdout, onLine })
    return opened
  }).catch(async (error: Error) => {
    const exit = await opened?.exited
    throw (exit && whyNoRunner(plan.image, exit.code, exit.lastLines)) ?? error
  })
  let alive = true
  void container.exited.then(() => (alive = false))
  return {
    image,
    platform: container.ready['platform'] as LayerPlatform,
    get alive() {
      return alive
    },
    exited: container.exited,
    async confine(share) {
      const cpus = Math.min(share.cpus, plan.cpus)
      const memoryGiB = Math.min(share.memoryGiB, plan.memoryGiB)
      if (cpus < plan.cpus || memoryGiB < plan.memoryGiB) await container.confine({ cpus, memoryGiB })
    },
    send: (message) => container.send(message),
    onMessage: (to) => (listener = to),
    stop: (graceMs) => container.stop(graceMs),
    kill: () => container.kill(),
  }
}
