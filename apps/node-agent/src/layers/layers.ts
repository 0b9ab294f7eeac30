/** The packages of functions on a node whose runners do not see the caller's own: installed once, shared by later jobs. */
import { join } from 'node:path'
import type { LayerManifest, LayerPlatform } from '@burla/protocol'
import { planInstall, type InstallPlan } from './install-plan.ts'
import { haveLayer } from './shared-folder.ts'

export interface Layers {
  /**
   * Resolves with where runners see the layer; rejects with the installer's own words. `onInstall` is called when it is
   * not there yet, with what is installed.
   */
  have(wanted: WantedLayer, onInstall: (title: string) => void): Promise<string>
}

export interface WantedLayer {
  manifest: LayerManifest
  /** what the runner is, and its image: null is the one of the host */
  platform: LayerPlatform
  image: string | null
  /** the files of a package that the caller has sent, as a tar.gz */
  contentOf: (digest: string) => Promise<Buffer>
}

export interface LayersOptions {
  /** of all layers, as the agent sees it and as runners do */
  folder: string
  seenAt: string
  install: (plan: InstallPlan, on: Pick<WantedLayer, 'image' | 'contentOf'>, into: string) => Promise<void>
  signal: AbortSignal
}

export function createLayers({ folder, seenAt, install, signal }: LayersOptions): Layers {
  /** by key: those that are there, and those that are made now, with who wants to know */
  const known = new Map<string, Promise<void>>()

  async function make(plan: InstallPlan, wanted: WantedLayer): Promise<void> {
    try {
      await haveLayer(folder, plan.key, { build: (into) => install(plan, wanted, into), signal })
    } catch (error) {
      // The next job tries again.
      known.delete(plan.key)
      throw error
    }
  }

  return {
    async have(wanted, onInstall) {
      const plan = planInstall(wanted.manifest, wanted.platform)
      const made = known.get(plan.key) ?? make(plan, wanted)
      known.set(plan.key, made)
      const patience = setTimeout(() => onInstall(plan.title), sayAfterMs)
      try {
        await made
      } finally {
        clearTimeout(patience)
      }
      return join(seenAt, plan.key)
    },
  }
}

/** One that is there needs no word. */
const sayAfterMs = 20
