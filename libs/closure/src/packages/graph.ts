/**
 * The packages that a function reaches, with all that they reach, as they are installed at the caller's: each folder is
 * one, and its names lead to others as Node would find them from there, nested versions and links included.
 */
import { dirname } from 'node:path'
import type { LayerOnly } from '@burla/protocol'
import { findFolder, folderOfFile, nearestPackageJson, readPackageJson, type PackageJson } from './installed.ts'
import { findLocked, type Locked } from './lock-file.ts'
import { platformOfName } from './platform-names.ts'
import { packageName, type PackageUse } from './uses.ts'

export interface InstalledPackage {
  name: string
  version: string
  /** `undefined`: it is for other platforms, and not installed here */
  folder: string | undefined
  /** it does not come from a registry: a workspace's own, `file:`, a git address */
  isOwn: boolean
  /** its commands, by name */
  bin?: Record<string, string>
  only?: LayerOnly
  needs: Map<string, { found: InstalledPackage; isOptional: boolean }>
}

/** A folder of the program, and what its files find. */
export interface Importer {
  folder: string
  finds: Map<string, InstalledPackage>
}

export interface InstalledGraph {
  importers: Importer[]
  packages: InstalledPackage[]
}

export function readInstalled(uses: PackageUse[]): InstalledGraph {
  const packages = new Map<string, InstalledPackage>()
  const importers = new Map<string, Importer>()
  const todo: InstalledPackage[] = []

  for (const { specifier, from } of uses) {
    const inside = folderOfFile(specifier)
    const asking = inside === undefined ? folderOfFile(from) : undefined
    const name = inside === undefined ? packageName(specifier) : undefined
    const folder = inside ?? (name === undefined ? undefined : findFolder(name, dirname(from)))
    if (folder === undefined) continue
    const found = meet(folder, name, nearestPackageJson(dirname(from)))
    // Of a package's own file: what it asks for is among what the package needs.
    if (asking !== undefined) meet(asking, undefined, {})
    else if (name !== undefined) importer(dirname(from)).finds.set(name, found)
    else importer(dirname(folder)).finds.set(found.name, found)
  }
  for (let next = todo.pop(); next; next = todo.pop()) if (next.folder !== undefined) addNeeds(next, next.folder)
  return { importers: [...importers.values()], packages: [...packages.values()] }

  function importer(folder: string): Importer {
    const known = importers.get(folder) ?? { folder, finds: new Map() }
    importers.set(folder, known)
    return known
  }

  /** `name`: the one under which it is asked for, which may be an alias. */
  function meet(folder: string, name: string | undefined, asking: PackageJson): InstalledPackage {
    const known = packages.get(folder)
    if (known) return known
    const { name: own = name ?? '', version = '0.0.0', bin, os, cpu, libc } = readPackageJson(folder)
    const met: InstalledPackage = {
      name: own,
      version,
      folder,
      isOwn: !/[\\/]node_modules[\\/]/.test(folder) || isElsewhere(asking, name ?? own),
      needs: new Map(),
      ...(bin !== undefined && { bin: commandsOf(own, bin) }),
      ...onlyOf({ ...(os && { os }), ...(cpu && { cpu }), ...(libc && { libc }) }),
    }
    packages.set(folder, met)
    todo.push(met)
    return met
  }

  function addNeeds(asking: InstalledPackage, folder: string): void {
    const json = readPackageJson(folder)
    const optional = json.optionalDependencies ?? {}
    for (const [name, spec] of Object.entries({ ...json.peerDependencies, ...json.dependencies, ...optional })) {
      const isOptional = Object.hasOwn(optional, name)
      const there = findFolder(name, folder)
      if (there !== undefined) asking.needs.set(name, { found: meet(there, name, json), isOptional })
      else if (isOptional) addAbsent(asking, { name, spec, folder })
    }
  }

  /** One for other platforms: only a lock file, or an exact version in who asks, says which. */
  function addAbsent(
    asking: InstalledPackage,
    { name, spec, folder }: { name: string; spec: string; folder: string },
  ): void {
    const locked: Locked = findLocked(name, folder) ?? {}
    const version = locked.version ?? /^=?v?(\d+\.\d+\.\d+\S*)$/.exec(spec)?.[1]
    if (version === undefined) return
    const key = `${name}@${version}`
    const { os, cpu, libc } = locked
    const said: LayerOnly = { ...(os && { os }), ...(cpu && { cpu }), ...(libc && { libc }) }
    const only = Object.keys(said).length > 0 ? said : platformOfName(name)
    const found = packages.get(key) ?? {
      name,
      version,
      folder: undefined,
      isOwn: false,
      needs: new Map(),
      ...(only && { only }),
    }
    asking.needs.set(name, { found, isOptional: true })
    if (packages.has(key)) return
    packages.set(key, found)
    const further = { ...locked.dependencies, ...locked.optionalDependencies }
    for (const [each, range] of Object.entries(further)) addAbsent(found, { name: each, spec: range, folder })
  }
}

/** `./cli.js` is a path like `cli.js`. */
function commandsOf(name: string, bin: string | Record<string, string>): Record<string, string> {
  const commands = typeof bin === 'string' ? { [name.replace(/^@[^/]+\//, '')]: bin } : bin
  return Object.fromEntries(Object.entries(commands).map(([command, file]) => [command, file.replace(/^\.?\/+/, '')]))
}

function onlyOf(said: LayerOnly): { only?: LayerOnly } {
  return Object.keys(said).length > 0 ? { only: said } : {}
}

/** Whether who asks for it says that it comes from a folder, an archive or a repository. */
function isElsewhere(
  { dependencies, optionalDependencies, devDependencies, peerDependencies }: PackageJson,
  name: string,
): boolean {
  const spec = { ...peerDependencies, ...devDependencies, ...dependencies, ...optionalDependencies }[name] ?? ''
  return /^(file|link|portal|workspace|git|git\+\w+|github|gitlab|bitbucket|https?):|^[\w.-]+\/[\w.-]+(#|$)|^\.{0,2}\//.test(
    spec,
  )
}
