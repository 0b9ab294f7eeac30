import type { LayerManifest, LayerPackage, LayerPlatform } from '@burla/protocol'
import { expect, test } from 'vitest'
import { planInstall } from './install-plan.ts'

const linux: LayerPlatform = { os: 'linux', cpu: 'x64', libc: 'glibc', abi: '137' }

function some(at: string, more: Partial<LayerPackage> = {}): LayerPackage {
  return { at, name: at.replace(/^.*(?:node_modules|linked)\//, ''), version: '1.0.0', needs: {}, ...more }
}

function plan(packages: LayerPackage[], more: Partial<LayerManifest> = {}, platform = linux) {
  const made = planInstall({ packages, also: [], folders: {}, ...more }, platform)
  const root = JSON.parse(made.files['package.json'] ?? '') as object
  const { packages: locked } = JSON.parse(made.files['package-lock.json'] ?? '') as { packages: Record<string, object> }
  return { ...made, root, locked }
}

test('everything at the top is asked for by its exact version, and what is nested by who needs it', () => {
  const { root, locked, args } = plan([
    some('node_modules/a', { needs: { b: '2.0.0' } }),
    some('node_modules/a/node_modules/b', { version: '2.0.0' }),
    some('node_modules/b'),
  ])
  expect(root).toMatchObject({ dependencies: { a: '1.0.0', b: '1.0.0' }, optionalDependencies: {} })
  expect(locked['node_modules/a']).toMatchObject({ version: '1.0.0', dependencies: { b: '2.0.0' } })
  expect(locked['node_modules/a/node_modules/b']).toMatchObject({ version: '2.0.0' })
  expect(args[0]).toBe('ci')
})

test('no entry says where a package comes from: that is up to the registry of the cluster', () => {
  const { files } = plan([some('node_modules/a'), some('linked/own', { content: '0'.repeat(64) })])
  expect(files['package-lock.json']).not.toMatch(/https?:|git|integrity/)
})

test('what is for other platforms is left out, and nobody asks for it', () => {
  const { locked, root } = plan([
    some('node_modules/a', { needs: { 'a-darwin': '1.0.0', 'a-linux': '1.0.0' } }),
    some('node_modules/a-darwin', { optional: true, only: { os: ['darwin'] }, needs: { c: '1.0.0' } }),
    some('node_modules/a-linux', { optional: true, only: { os: ['linux'] } }),
    some('node_modules/c', { optional: true }),
  ])
  expect(Object.keys(locked)).toEqual(['', 'node_modules/a', 'node_modules/a-linux'])
  expect(locked['node_modules/a']).toMatchObject({ dependencies: {}, optionalDependencies: { 'a-linux': '1.0.0' } })
  expect(root).toMatchObject({ dependencies: { a: '1.0.0' }, optionalDependencies: { 'a-linux': '1.0.0' } })
})

test('a package that was sent is a link to its files, and finds its own nested ones', () => {
  const { root, locked, contents } = plan([
    some('linked/@s/own', { content: 'f'.repeat(64), needs: { a: '2.0.0' } }),
    some('linked/@s/own/node_modules/a', { version: '2.0.0' }),
  ])
  expect(contents).toEqual([{ at: 'linked/@s/own', digest: 'f'.repeat(64) }])
  expect(root).toMatchObject({ dependencies: { '@s/own': 'file:linked/@s/own' } })
  expect(locked['node_modules/@s/own']).toEqual({ resolved: 'linked/@s/own', link: true })
  expect(locked['linked/@s/own']).toMatchObject({ dependencies: { a: '2.0.0' } })
})

test('files that find other versions than the rest get a folder to look from', () => {
  const { files, root } = plan([
    some('linked/burla-from-1/node_modules/a'),
    some('node_modules/a', { version: '2.0.0' }),
  ])
  expect(JSON.parse(files['linked/burla-from-1/package.json'] ?? '')).toMatchObject({ dependencies: { a: '1.0.0' } })
  expect(root).toMatchObject({ dependencies: { a: '2.0.0', 'burla-from-1': 'file:linked/burla-from-1' } })
})

test('an alias is asked for by the name that the registry knows', () => {
  const { root, locked } = plan([some('node_modules/old', { name: 'a' })])
  expect(root).toMatchObject({ dependencies: { old: 'npm:a@1.0.0' } })
  expect(locked['node_modules/old']).toMatchObject({ name: 'a' })
})

test('the key is that of the packages, their places and the platform, in whatever order they are told', () => {
  const [a, b] = [some('node_modules/a'), some('node_modules/b')]
  const { key } = plan([a, b])
  expect(plan([b, a], { folders: { '/other': '' } }).key).toBe(key)
  const others = [
    plan([a]),
    plan([a, { ...b, version: '1.0.1' }]),
    plan([a, some('node_modules/a/node_modules/b')]),
    plan([a, b], { also: ['c@1.0.0'] }),
    plan([a, b], {}, { ...linux, abi: '115' }),
    plan([a, b], {}, { ...linux, libc: 'musl' }),
    plan([a, b], {}, { ...linux, cpu: 'arm64' }),
  ]
  expect(new Set([key, ...others.map((other) => other.key)]).size).toBe(others.length + 1)
})

test('the title names what the function asks for itself, as far as one can tell', () => {
  expect(plan([some('node_modules/a'), some('node_modules/sharp', { needs: { a: '1.0.0' } })]).title).toBe(
    'sharp@1.0.0 and 1 more',
  )
  expect(plan([], { also: ['pg@8.11.0'] }).title).toBe('pg@8.11.0')
})
