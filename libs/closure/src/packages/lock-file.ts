/**
 * What a package-lock.json knows of packages that are not installed here because they are for other platforms. Other
 * lock files are not read: what is installed says nearly all, and names say the rest.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { LayerOnly } from '@burla/protocol'

export interface Locked extends LayerOnly {
  version?: string
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
}

const read = new Map<string, Record<string, Locked>>()

/** What the lock file above `folder` has under this name, nearest to the folder of the package that asks. */
export function findLocked(name: string, folder: string): Locked | undefined {
  for (let above = folder; above !== dirname(above); above = dirname(above)) {
    const file = join(above, 'package-lock.json')
    if (!existsSync(file)) continue
    const packages = read.get(file) ?? readLock(file)
    read.set(file, packages)
    const asking = folder.slice(above.length + 1).replaceAll('\\', '/')
    for (const place of placesAbove(asking)) {
      const locked = packages[`${place}node_modules/${name}`]
      if (locked?.version !== undefined) return locked
    }
    return undefined
  }
  return undefined
}

/** `node_modules/a/node_modules/b` -> itself, `node_modules/a/`, and the root. */
function* placesAbove(place: string): Generator<string> {
  for (let at = place; at !== ''; at = at.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$|\/?[^/]+$/, '')) yield `${at}/`
  yield ''
}

function readLock(file: string): Record<string, Locked> {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { packages?: Record<string, Locked> }).packages ?? {}
  } catch {
    // One that is being written, or of a merge: what is installed is known without it.
    return {}
  }
}
