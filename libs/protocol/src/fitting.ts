/** What calls ask for against what nodes have. Pure; agents, the api and its keeper judge with it. */
import type { CallOptions } from './job-record.ts'

/** What a node has for the calls of a job. */
export interface NodeSize {
  cpus: number
  memoryGiB: number
  /** its runners are containers: jobs may have an image of their own */
  containers: boolean
}

type Asked = Pick<CallOptions, 'cpus' | 'memoryGiB' | 'image'>

/** How many calls fit a node at the same time; 0: it is too small for one, or has no containers for the image. */
export function slotsOn(node: NodeSize, { cpus, memoryGiB, image }: Asked): number {
  if (image !== null && !node.containers) return 0
  return Math.min(times(node.cpus, cpus), memoryGiB === null ? Infinity : times(node.memoryGiB, memoryGiB))
}

/** Why none of these nodes can run a call, as a sentence; `undefined`: one of them can. */
export function whyNoneFits(nodes: NodeSize[], asked: Asked): string | undefined {
  if (nodes.some((node) => slotsOn(node, asked) > 0)) return undefined
  const { cpus, memoryGiB, image } = asked
  const able = image === null ? nodes : nodes.filter(({ containers }) => containers)
  if (able.length === 0)
    return `the image ${image} was asked for, and the nodes run functions in processes, without images`
  const mostCpus = Math.max(...able.map((node) => node.cpus))
  if (cpus > mostCpus) return `a call needs ${cpus} CPUs, and the largest node has ${mostCpus}`
  const mostGiB = Math.max(...able.map((node) => node.memoryGiB))
  if (memoryGiB !== null && memoryGiB > mostGiB) {
    return `a call needs ${memoryGiB} GiB of memory, and the largest node has ${mostGiB.toFixed(1)}`
  }
  return `a call needs ${cpus} CPUs and ${memoryGiB} GiB of memory, and no node has both`
}

/** Fractions that add up to a node's whole are not to fail by a rounding error. */
function times(whole: number, part: number): number {
  return Math.floor(whole / part + 1e-9)
}
