/**
 * What a runner's container is made of. Pure: the whole of the hardening is here, to be read and tested in one place.
 *
 *  - not root, no capabilities, none to be gained, a root file system that cannot be written
 *  - memory, processes and CPUs bounded; nothing of the host in it: no socket, no log of the engine, no device
 *  - what it may write goes with it: one tmpfs, which counts as memory; and `shared/`
 *  - no secret in its environment or arguments: its config comes on stdin, and stdin's end is its end (StdinOnce)
 */
import type { ContainerCreateOptions, MountSettings } from 'dockerode'

export interface ContainerPlan {
  /** of the container */
  name: string
  image: string
  /** the image's Node */
  node: string
  network: string
  labels: Record<string, string>
  cpus: number
  memoryGiB: number
  /** our runner's code, and the folder of all nodes */
  mounts: MountSettings[]
}

/** Where things are in a runner's container. */
export const inside = {
  code: '/burla',
  shared: '/shared',
  layers: '/layers',
  /** of the slots */
  folder: '/tmp/burla',
} as const

/** Of no user in particular: any image will do, whatever its /etc/passwd says. */
const user = '1000:1000'
const mostProcesses = 4096
const mib = 1024 * 1024

export function containerSpec(plan: ContainerPlan): ContainerCreateOptions {
  const { name, image, node, network, labels, mounts } = plan
  const { Memory } = memoryLimits(plan.memoryGiB)
  return {
    name,
    Image: image,
    Entrypoint: [node, `${inside.code}/start.cjs`],
    Cmd: [],
    User: user,
    WorkingDir: '/tmp',
    Env: ['HOME=/tmp', 'TMPDIR=/tmp'],
    Labels: labels,
    Healthcheck: { Test: ['NONE'] },
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: {
      AutoRemove: true,
      Init: true,
      NetworkMode: network,
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true'],
      PidsLimit: mostProcesses,
      ...memoryLimits(plan.memoryGiB),
      ...cpuLimits(plan.cpus),
      // A full tmpfs is an error that names itself; one as large as the memory would be an out-of-memory kill.
      Tmpfs: { '/tmp': `rw,exec,nosuid,nodev,mode=1777,size=${Math.floor(Memory / 2)}` },
      Mounts: mounts,
      LogConfig: { Type: 'none', Config: {} },
    },
  }
}

/** No swap: what is over the limit is out of memory, and does not crawl. */
export function memoryLimits(memoryGiB: number): { Memory: number; MemorySwap: number } {
  const bytes = Math.max(64, Math.floor(memoryGiB * 1024)) * mib
  return { Memory: bytes, MemorySwap: bytes }
}

export function cpuLimits(cpus: number): { NanoCpus: number } {
  return { NanoCpus: Math.round(cpus * 1e9) }
}
