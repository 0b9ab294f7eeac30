/**
 * Where each package stands in a layer. Pure. What is asked for stands as near to the root as it can; where another of
 * the same name is in the way, below whoever asks for it. So from every place each name leads to the version that it led
 * to at the caller's.
 *
 *   node_modules/a                     of a registry
 *   node_modules/a/node_modules/b      nested: another b stands above
 *   linked/c                           sent by the caller; `node_modules/c` is a link to it
 *   linked/burla-from-1                for files of the program that find another version than the others do
 *
 *  L1  A name leads from a place to the nearest `node_modules/<name>` at that place or above it.
 *  L2  A place is never given to a package when somebody below looks past it for another one of that name.
 *  L3  Nothing stands below itself. Only links can have cycles through several versions of a name, where that would
 *      have no end; there the nearest version is found instead.
 */
import type { LayerManifest, LayerPackage } from '@burla/protocol'
import type { InstalledGraph, InstalledPackage } from './graph.ts'

/** `contentOf`: the digest of the files of a package that comes from the caller. */
export function layOut(
  graph: InstalledGraph,
  contentOf: (own: InstalledPackage) => string,
): Omit<LayerManifest, 'also'> {
  /** place -> who stands there */
  const standing = new Map<string, InstalledPackage>()
  /** place of a folder of packages + name -> who is found by those who look through it */
  const passed = new Map<string, InstalledPackage>()
  const folders: Record<string, string> = {}
  const todo: string[] = []
  const needs = new Map<string, Record<string, string>>()

  for (const own of graph.packages.filter(({ isOwn }) => isOwn)) put(`node_modules/${own.name}`, own)
  for (const { folder, finds } of graph.importers.toSorted((a, b) => (a.folder < b.folder ? -1 : 1))) {
    const place = [...finds].every(([name, found]) => fits('', name, found))
      ? ''
      : `linked/burla-from-${Object.keys(folders).length + 1}`
    folders[folder] = place
    for (const [name, found] of finds) ask(place, name, found)
  }
  for (let place = todo.shift(); place !== undefined; place = todo.shift()) {
    const asking = standing.get(place) as InstalledPackage
    const from = baseOf(place, asking)
    const found: Record<string, string> = {}
    for (const [name, { found: needed }] of asking.needs) {
      ask(from, name, needed)
      found[name] = needed.isOwn || needed.name !== name ? '*' : needed.version
    }
    needs.set(place, found)
  }
  const places = [...standing.keys()].toSorted()
  const optional = optionalOnes(graph)
  const packages = places.map((place): LayerPackage => {
    const there = standing.get(place) as InstalledPackage
    const { name, version, bin, only, isOwn } = there
    return {
      at: baseOf(place, there),
      name,
      version,
      needs: needs.get(place) ?? {},
      ...(optional.has(there) && { optional: true }),
      ...(bin && { bin }),
      ...(only && { only }),
      ...(isOwn && { content: contentOf(there) }),
    }
  })
  for (const place of places.toReversed()) {
    const there = standing.get(place) as InstalledPackage
    if (there.folder !== undefined) folders[there.folder] = baseOf(place, there)
  }
  return { packages, folders }

  function ask(from: string, name: string, found: InstalledPackage): void {
    const levels = levelsFrom(from)
    const at = levels.find((level) => standing.has(placeIn(level, name)))
    const isThere = at !== undefined && standing.get(placeIn(at, name)) === found
    // the highest level where it can stand, below whatever is in the way
    const free = isThere || at === undefined ? levels : levels.slice(0, levels.indexOf(at))
    if (!isThere && (found.isOwn || levels.some((each) => isAt(each, found)))) return
    const level = isThere ? at : (free.findLast((each) => fits(each, name, found)) ?? from)
    for (const each of levels.slice(0, levels.indexOf(level) + 1)) passed.set(placeIn(each, name), found)
    if (!isThere) put(placeIn(level, name), found)
  }

  /** L3 */
  function isAt(level: string, found: InstalledPackage): boolean {
    const there = standing.get(level.replace(/^linked\//, 'node_modules/'))
    return there === found
  }

  function fits(level: string, name: string, found: InstalledPackage): boolean {
    const place = placeIn(level, name)
    return (passed.get(place) ?? found) === found && (standing.get(place) ?? found) === found
  }

  function put(place: string, found: InstalledPackage): void {
    standing.set(place, found)
    passed.set(place, found)
    todo.push(place)
  }
}

/** What a package sent by the caller finds, it finds from where its files are: `linked/<name>`. */
function baseOf(place: string, { isOwn, name }: InstalledPackage): string {
  return isOwn ? `linked/${name}` : place
}

/** A place and those above it that have a `node_modules` of their own, the nearest first. */
function levelsFrom(place: string): string[] {
  const levels = []
  for (let at = place; at !== ''; at = at.replace(/(^|\/)(node_modules|linked)\/(@[^/]+\/)?[^/]+$/, '')) levels.push(at)
  return [...levels, '']
}

function placeIn(level: string, name: string): string {
  return level === '' ? `node_modules/${name}` : `${level}/node_modules/${name}`
}

/** Those that are only reached by way of an optional need. */
function optionalOnes({ importers, packages }: InstalledGraph): Set<InstalledPackage> {
  const needed = new Set<InstalledPackage>()
  const todo = importers.flatMap(({ finds }) => [...finds.values()])
  for (let next = todo.pop(); next; next = todo.pop()) {
    if (needed.has(next)) continue
    needed.add(next)
    for (const { found, isOptional } of next.needs.values()) if (!isOptional) todo.push(found)
  }
  return new Set(packages.filter((each) => !needed.has(each)))
}
