/**
 * What a cluster of other machines needs to install for a function: the exact packages that the caller has, where each
 * stands, and the files of those that no registry has.
 */
import type { LayerManifest } from '@burla/protocol'
import { packContent, type PackageContent } from './contents.ts'
import { readInstalled } from './graph.ts'
import { layOut } from './layout.ts'
import type { PackageUse } from './uses.ts'

export interface CollectedPackages {
  manifest: Omit<LayerManifest, 'also'>
  contents: PackageContent[]
}

/** `undefined`: no package is used. What is not installed here is passed over: it would not be found here, either. */
export function collectPackages(uses: PackageUse[]): CollectedPackages | undefined {
  const graph = readInstalled(uses)
  if (graph.packages.length === 0) return undefined
  const contents = new Map(graph.packages.filter(({ isOwn }) => isOwn).map((own) => [own, packContent(own)] as const))
  const manifest = layOut(graph, (own) => contents.get(own)?.digest ?? '')
  return { manifest, contents: [...contents.values()] }
}
