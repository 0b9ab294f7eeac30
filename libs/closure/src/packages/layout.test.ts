import { packagesFor, parseLayerManifest, type LayerPackage } from '@burla/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { InstalledGraph, InstalledPackage } from './graph.ts'
import { layOut } from './layout.ts'

const names = ['a', 'b', 'c', '@s/d', 'e']
const digest = '0'.repeat(64)

interface Sketch {
  name: string
  isOwn: boolean
  needs: { to: number; isOptional: boolean }[]
}

/**
 * Each has a version of its own, which tells it from the others, and needs later ones only. What is sent has a name
 * that no other has.
 */
function graphOf(sketches: Sketch[], importers: number[][]): InstalledGraph {
  const packages = sketches.map(({ name, isOwn }, version): InstalledPackage => {
    const own = isOwn ? `own-${version}` : name
    return { name: own, version: `1.0.${version}`, folder: `/there/${version}`, isOwn, needs: new Map() }
  })
  const at = (place: number) => packages[place % packages.length] as InstalledPackage
  sketches.forEach(({ needs }, place) => {
    for (const { to, isOptional } of needs) {
      if (place + 1 + to < packages.length) {
        const found = at(place + 1 + to)
        at(place).needs.set(found.name, { found, isOptional })
      }
    }
  })
  return {
    importers: importers.map((finds, place) => ({
      folder: `/program/${place}`,
      finds: new Map(finds.map((to) => [at(to).name, at(to)])),
    })),
    packages,
  }
}

const graphs = fc
  .tuple(
    fc.array(
      fc.record({
        name: fc.constantFrom(...names),
        isOwn: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
        needs: fc.array(fc.record({ to: fc.nat(11), isOptional: fc.boolean() }), { maxLength: 4 }),
      }),
      { minLength: 1, maxLength: 12 },
    ),
    fc.array(fc.array(fc.nat(11), { maxLength: 3 }), { minLength: 1, maxLength: 3 }),
  )
  .map(([sketches, importers]) => graphOf(sketches, importers))

/** As Node does: the nearest `node_modules/<name>` at the place or above it; a link leads to what it links. */
function lookUp(packages: LayerPackage[], from: string, name: string): LayerPackage | undefined {
  const at = (place: string) => packages.find((each) => each.at === place)
  for (let level = from; ; level = level.includes('/') ? level.slice(0, level.lastIndexOf('/')) : '') {
    if (!/(^|\/)node_modules$/.test(level)) {
      const linked = level === '' ? at(`linked/${name}`) : undefined
      const found = linked ?? at(level === '' ? `node_modules/${name}` : `${level}/node_modules/${name}`)
      if (found) return found
    }
    if (level === '') return undefined
  }
}

test('every name leads from every place to the version that it leads to at the caller’s', () => {
  fc.assert(
    fc.property(graphs, (graph) => {
      const { packages, folders } = layOut(graph, () => digest)
      const byVersion = new Map(graph.packages.map((each) => [each.version, each]))
      expect(new Set(packages.map(({ at }) => at)).size).toBe(packages.length)
      for (const { at, version, needs } of packages) {
        const there = byVersion.get(version)!
        expect(Object.keys(needs).toSorted()).toEqual([...there.needs.keys()].toSorted())
        for (const [name, { found }] of there.needs) expect(lookUp(packages, at, name)?.version).toBe(found.version)
      }
      graph.importers.forEach(({ folder, finds }) => {
        for (const [name, found] of finds) {
          expect(lookUp(packages, folders[folder] ?? '', name)?.version).toBe(found.version)
        }
      })
    }),
    { numRuns: 1_000 },
  )
})

test('what is laid out is what a cluster accepts, and what it leaves out for a platform nobody misses', () => {
  fc.assert(
    fc.property(graphs, (graph) => {
      const manifest = { ...layOut(graph, () => digest), also: [] }
      expect(parseLayerManifest(JSON.stringify(manifest))).toEqual(manifest)
      const left = packagesFor(manifest.packages, { os: 'linux', cpu: 'x64', libc: 'glibc', abi: '1' })
      for (const { at, needs } of left) {
        for (const name of Object.keys(needs)) {
          expect(lookUp(left, at, name)).toEqual(lookUp(manifest.packages, at, name))
        }
      }
    }),
  )
})

const pair = { a: { name: 'a', isOwn: false, needs: [] }, b: { name: 'b', isOwn: false, needs: [] } }

function needing(graph: InstalledGraph, from: number, to: number): void {
  const found = graph.packages[to]!
  graph.packages[from]!.needs.set(found.name, { found, isOptional: false })
}

test('packages that need each other stand side by side', () => {
  const graph = graphOf([pair.a, pair.b], [[0]])
  needing(graph, 0, 1)
  needing(graph, 1, 0)
  expect(layOut(graph, () => digest).packages.map(({ at }) => at)).toEqual(['node_modules/a', 'node_modules/b'])
})

test('a cycle through several versions, which only links can have, has an end', () => {
  const graph = graphOf([pair.a, pair.b, pair.a, pair.b], [[0]])
  for (const from of [0, 1, 2, 3]) needing(graph, from, (from + 1) % 4)
  expect(layOut(graph, () => digest).packages.map(({ at }) => at)).toEqual([
    'node_modules/a',
    'node_modules/b',
    'node_modules/b/node_modules/a',
    'node_modules/b/node_modules/b',
    'node_modules/b/node_modules/b/node_modules/a',
  ])
})

test('files that find another version than the first ones get a place of their own to look from', () => {
  const graph = graphOf([pair.a, pair.a], [[0], [1]])
  const { packages, folders } = layOut(graph, () => digest)
  expect(packages.map(({ at }) => at)).toEqual(['linked/burla-from-2/node_modules/a', 'node_modules/a'])
  expect(folders['/program/1']).toBe('linked/burla-from-2')
})
