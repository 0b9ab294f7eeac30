/**
 * The packages that a job needs on machines of a cluster: which they are, exactly, and the files of those that no
 * registry has. A cluster on this machine takes them from where they are, and asks for nothing.
 */
import { createHash } from 'node:crypto'
import { mostLayerPackages, BurlaError, parsePackageSpec, type LayerManifest } from '@burla/protocol'
import { collectPackages, type PackageUse } from '@burla/closure'

export interface ShippedLayer {
  /** of the list */
  digest: string
  /** the list, and files of packages; each travels when the cluster does not have it */
  parts: { digest: string; bytes: Buffer }[]
}

/** Reading what is installed takes milliseconds per hundred packages, and it does not change while it is loaded. */
const known = new Map<string, ShippedLayer | undefined>()
const mostKnown = 100

/**
 * @param packages of the option `packages`, with their versions
 * @param from the file that the option is meant in
 */
export function shipLayer(shown: PackageUse[], packages: string[], from: string): ShippedLayer | undefined {
  // The cluster has its own, of its own version.
  const uses = shown.filter(({ specifier }) => specifier !== 'burla')
  const key = JSON.stringify([uses, packages, from])
  if (!known.has(key)) {
    if (known.size >= mostKnown) known.clear()
    known.set(key, buildLayer(uses, packages, from))
  }
  return known.get(key)
}

function buildLayer(uses: PackageUse[], packages: string[], from: string): ShippedLayer | undefined {
  const named = packages.map((spec) => ({ spec, name: parsePackageSpec(spec).name }))
  const collected = collectPackages([...uses, ...named.map(({ name }) => ({ specifier: name, from }))])
  const found = new Set(collected?.manifest.packages.map(({ name, version }) => `${name}@${version}`))
  const also = named.filter(({ spec }) => !found.has(spec)).map(({ spec }) => spec)
  if (collected === undefined && also.length === 0) return undefined
  const manifest: LayerManifest = { ...(collected?.manifest ?? { packages: [], folders: {} }), also }
  if (manifest.packages.length > mostLayerPackages) {
    const count = manifest.packages.length
    throw new BurlaError(
      'FUNCTION_TOO_BIG',
      `the function reaches ${count} packages, and ${mostLayerPackages} is the most; import what it needs by itself`,
    )
  }
  const bytes = Buffer.from(JSON.stringify(manifest))
  const list = { digest: createHash('sha256').update(bytes).digest('hex'), bytes }
  return { digest: list.digest, parts: [list, ...(collected?.contents ?? [])] }
}
