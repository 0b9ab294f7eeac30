/** Over trees of packages as package managers leave them on the disk. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import vm from 'node:vm'
import { packagesFor, type LayerPackage } from '@burla/protocol'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { captureFunction } from '../capture/capture.ts'
import { collectPackages } from './collect.ts'
import type { PackageJson } from './installed.ts'

let root: string
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'burla-tree-')))
})
afterEach(() => rmSync(root, { recursive: true }))

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

function put(folder: string, json: PackageJson): void {
  write(`${folder}/package.json`, JSON.stringify(json))
}

function link(path: string, to: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  symlinkSync(to, join(root, path))
}

const collect = (...specifiers: string[]) =>
  collectPackages(specifiers.map((specifier) => ({ specifier, from: join(root, 'src/main.ts') })))
const places = (packages: LayerPackage[] = []) =>
  Object.fromEntries(packages.map(({ at, name, version }) => [at, `${name}@${version}`]))

test('nested versions stay apart, and what is shared is there once', () => {
  put('node_modules/a', { name: 'a', version: '1.0.0', dependencies: { c: '^2.0.0', d: '*' } })
  put('node_modules/a/node_modules/c', { name: 'c', version: '2.0.0', dependencies: { d: '*' } })
  put('node_modules/b', { name: 'b', version: '1.0.0', dependencies: { c: '^1.0.0' } })
  put('node_modules/c', { name: 'c', version: '1.0.0', dependencies: { d: '*' } })
  put('node_modules/d', { name: 'd', version: '1.0.0' })
  put('node_modules/unused', { name: 'unused', version: '1.0.0' })
  expect(places(collect('b', 'a/sub/path')?.manifest.packages)).toEqual({
    'node_modules/a': 'a@1.0.0',
    'node_modules/a/node_modules/c': 'c@2.0.0',
    'node_modules/b': 'b@1.0.0',
    'node_modules/c': 'c@1.0.0',
    'node_modules/d': 'd@1.0.0',
  })
})

test("pnpm's links lead to the same packages", () => {
  const store = (name: string, version: string) => `node_modules/.pnpm/${name}@${version}/node_modules`
  put(`${store('a', '1.0.0')}/a`, { name: 'a', version: '1.0.0', dependencies: { c: '^2.0.0' } })
  put(`${store('c', '2.0.0')}/c`, { name: 'c', version: '2.0.0' })
  put(`${store('c', '1.0.0')}/c`, { name: 'c', version: '1.0.0' })
  link(`${store('a', '1.0.0')}/c`, '../../c@2.0.0/node_modules/c')
  link('node_modules/a', '.pnpm/a@1.0.0/node_modules/a')
  link('node_modules/c', '.pnpm/c@1.0.0/node_modules/c')
  const { packages, folders } = collect('a', 'c')!.manifest
  expect(places(packages)).toEqual({
    'node_modules/a': 'a@1.0.0',
    'node_modules/a/node_modules/c': 'c@2.0.0',
    'node_modules/c': 'c@1.0.0',
  })
  expect(folders[join(root, store('c', '2.0.0'), 'c')]).toBe('node_modules/a/node_modules/c')
})

test('an alias keeps its name and says whose it is', () => {
  put('node_modules/old', { name: 'a', version: '1.0.0' })
  expect(places(collect('old')?.manifest.packages)).toEqual({ 'node_modules/old': 'a@1.0.0' })
})

describe('packages for other platforms', () => {
  const optional = { '@x/lib-linux-x64': '1.0.0', '@x/lib-linuxmusl-x64': '1.0.0', '@x/lib-darwin-arm64': '1.0.0' }
  const onLinux = { os: 'linux', cpu: 'x64', libc: 'glibc', abi: '137' } as const
  const leftFor = (platform: Parameters<typeof packagesFor>[1]) =>
    Object.keys(places(packagesFor(collect('lib')!.manifest.packages, platform))).toSorted()

  beforeEach(() => {
    put('node_modules/lib', { name: 'lib', version: '1.0.0', optionalDependencies: optional })
    put('node_modules/@x/lib-darwin-arm64', {
      name: '@x/lib-darwin-arm64',
      version: '1.0.0',
      os: ['darwin'],
      cpu: ['arm64'],
    })
  })

  test('are known by their names: a Mac that has only its own gets those for Linux there', () => {
    expect(leftFor(onLinux)).toEqual(['node_modules/@x/lib-linux-x64', 'node_modules/lib'])
    expect(leftFor({ ...onLinux, libc: 'musl' })).toContain('node_modules/@x/lib-linuxmusl-x64')
    expect(leftFor({ ...onLinux, os: 'darwin', cpu: 'arm64', libc: null })).toEqual([
      'node_modules/@x/lib-darwin-arm64',
      'node_modules/lib',
    ])
  })

  test('are known from package-lock.json, with what they need, and that counts more than a name', () => {
    const locked = (more: object) => ({ version: '1.0.3', optional: true, os: ['linux'], cpu: ['x64'], ...more })
    const packages = {
      'node_modules/@x/lib-linux-x64': locked({ dependencies: { '@x/vips': '^2.0.0' } }),
      'node_modules/@x/lib-linuxmusl-x64': locked({ libc: ['glibc'] }),
      'node_modules/@x/vips': { version: '2.0.1', optional: true },
    }
    write('package-lock.json', JSON.stringify({ lockfileVersion: 3, packages }))
    const found = packagesFor(collect('lib')!.manifest.packages, onLinux)
    expect(places(found)).toEqual({
      'node_modules/@x/lib-linux-x64': '@x/lib-linux-x64@1.0.3',
      'node_modules/@x/lib-linuxmusl-x64': '@x/lib-linuxmusl-x64@1.0.3',
      'node_modules/@x/vips': '@x/vips@2.0.1',
      'node_modules/lib': 'lib@1.0.0',
    })
    expect(leftFor({ ...onLinux, os: 'darwin', cpu: 'arm64', libc: null })).not.toContain('node_modules/@x/vips')
  })
})

describe('packages of no registry', () => {
  test('a linked one of the workspace is sent by content, without what is only for who develops it', () => {
    put('packages/own', {
      name: 'own',
      version: '1.2.3',
      dependencies: { a: '*' },
      devDependencies: { typescript: '*' },
      scripts: { prepare: 'tsc', install: 'node make.js' },
    })
    write('packages/own/index.ts', 'export const own = 1')
    write('packages/own/node_modules/a/package.json', JSON.stringify({ name: 'a', version: '2.0.0' }))
    link('node_modules/own', '../packages/own')
    put('node_modules/a', { name: 'a', version: '1.0.0' })
    const { manifest, contents } = collect('a', 'own')!
    expect(places(manifest.packages)).toEqual({
      'linked/own': 'own@1.2.3',
      'linked/own/node_modules/a': 'a@2.0.0',
      'node_modules/a': 'a@1.0.0',
    })
    const [content] = contents
    expect(manifest.packages.find(({ at }) => at === 'linked/own')?.content).toBe(content?.digest)
    const read = (...args: string[]) =>
      execFileSync('tar', ['-xzf', '-', ...args], { input: content!.bytes, encoding: 'utf8' })
    expect(execFileSync('tar', ['-tzf', '-'], { input: content!.bytes, encoding: 'utf8' }).trim().split('\n')).toEqual([
      'index.ts',
      'package.json',
    ])
    expect(JSON.parse(read('-O', 'package.json'))).toEqual({
      name: 'own',
      version: '1.2.3',
      dependencies: { a: '*' },
      scripts: { install: 'node make.js' },
    })
    expect(collect('a', 'own')!.contents[0]!.digest).toBe(content!.digest)
  })

  test('one that npm has installed from an archive is sent by content', () => {
    put('elsewhere', { name: 'packed', version: '3.0.0' })
    write('elsewhere/index.js', 'module.exports = 3')
    put('.', { dependencies: { packed: 'file:packed-3.0.0.tgz' } })
    const npm = (...args: string[]) =>
      execFileSync('npm', [...args, '--offline', '--no-audit', '--no-fund'], { cwd: root })
    npm('pack', './elsewhere')
    npm('install')
    const { manifest, contents } = collect('packed')!
    expect(manifest.packages).toMatchObject([{ at: 'linked/packed', version: '3.0.0', content: contents[0]!.digest }])
  })

  test('one that is too large says its name, its folder and the limit', () => {
    put('packages/large', { name: 'large', version: '1.0.0' })
    write('packages/large/data', 'x'.repeat(65 * 1024 * 1024))
    link('node_modules/large', '../packages/large')
    expect(() => collect('large')).toThrow(
      `the package large is not from a registry, so its files travel with the function, and ${join(root, 'packages/large')} has more than 64 MiB`,
    )
  })

  test('long names of files survive', () => {
    const path = `${'folder/'.repeat(20)}ü${'x'.repeat(80)}.js`
    put('packages/long', { name: 'long', version: '1.0.0' })
    write(`packages/long/${path}`, 'text')
    link('node_modules/long', '../packages/long')
    const { bytes } = collect('long')!.contents[0]!
    const env = { ...process.env, LC_ALL: 'C.UTF-8' }
    const listed = execFileSync('tar', ['-tzf', '-', '--quoting-style=literal'], {
      input: bytes,
      encoding: 'utf8',
      env,
    })
    expect(listed.split('\n')).toContain(path)
  })
})

test('a function without packages needs none, and what is not installed is passed over', () => {
  expect(collect()).toBeUndefined()
  expect(collect('not-installed')).toBeUndefined()
})

test('a function says which packages it asks for: by import, by import() and by require()', () => {
  const { fn } = vm.runInThisContext(
    "({ fn: () => [import('one/part'), require(`@two/x`), import('node:fs'), import('./local.ts'), import('fs')] })",
  ) as { fn: () => unknown }
  expect(
    captureFunction(fn)
      .packages()
      .map(({ specifier }) => specifier),
  ).toEqual(['one/part', '@two/x'])
  // vitest writes the file, others what the program has written
  const [use] = captureFunction(() => fc.integer()).packages()
  expect(use).toMatchObject({ specifier: expect.stringContaining('fast-check'), from: import.meta.filename })
})
