/** What is in the tarball: all that is needed, nothing else, and nothing that leads out of it. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, extname, join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tarball } from './given.ts'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'burla-contents-'))
const unpacked = join(folder, 'package')
let files: string[]
let manifest: Record<string, unknown>

const text = (file: string) => readFileSync(join(unpacked, file), 'utf8')
const withEnding = (...endings: string[]) => files.filter((file) => endings.some((ending) => file.endsWith(ending)))

beforeAll(() => {
  execFileSync('tar', ['-xzf', tarball, '-C', folder])
  const entries = readdirSync(unpacked, { recursive: true, withFileTypes: true })
  files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(unpacked.length + 1))
  manifest = JSON.parse(text('package.json')) as typeof manifest
})
afterAll(() => rmSync(folder, { recursive: true }))

test('it is called burla-<version>.tgz', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'libs/sdk/package.json'), 'utf8')) as { version: string }
  expect(tarball.endsWith(`/burla-${version}.tgz`)).toBe(true)
  expect(manifest).toMatchObject({ name: 'burla', version, license: 'MIT' })
})

test('beside dist/ there are the package.json, a README and the licence', () => {
  expect(files.filter((file) => !file.startsWith('dist/')).toSorted()).toEqual(['LICENSE', 'README.md', 'package.json'])
  expect(text('LICENSE')).toBe(readFileSync(join(root, 'LICENSE'), 'utf8'))
  expect(text('README.md')).toContain('npm install burla')
})

test('it asks for no other package, runs nothing where it is installed, and is for Node 20.12 and newer', () => {
  const unwanted = /dependencies|private|publishConfig|workspaces/i
  expect(Object.keys(manifest).filter((field) => unwanted.test(field))).toEqual([])
  expect(Object.keys(manifest['scripts'] as object)).toEqual(['prepack', 'postpack'])
  expect(manifest['engines']).toEqual({ node: '>=20.12' })
})

test('all that the package.json names is there', () => {
  const { main, types, bin, exports } = manifest
  const named = JSON.stringify([main, types, bin, exports]).match(/\.\/[^"]+/g) ?? []
  expect(named.length).toBeGreaterThan(7)
  expect(named.filter((path) => !existsSync(join(unpacked, path)))).toEqual([])
})

test('nothing is left of an earlier build', () => {
  // planted by pack.ts
  expect(files).not.toContain('dist/stale.js')
})

test.each(['.js', '.cjs'])('its %s files import nothing but what is in it and what is in Node', async (ending) => {
  const code = withEnding(ending).filter((file) => !file.includes('/assets/'))
  const { metafile } = await build({
    entryPoints: code.map((file) => join(unpacked, file)),
    bundle: true,
    platform: 'node',
    packages: 'external',
    write: false,
    format: 'esm',
    outdir: 'none',
    metafile: true,
    logLevel: 'silent',
  })
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports)
  const foreign = imports.filter(({ external, path }) => external && !isBuiltin(path)).map(({ path }) => path)
  // BullMQ and msgpackr use them where somebody has installed them.
  const absent = ['@valkey/valkey-glide', 'bullmq-otel', 'msgpackr-extract', 'pg', 'redis']
  expect([...new Set(foreign)].filter((path) => !absent.includes(path))).toEqual([])
})

test('its types import nothing that is not in it', () => {
  const types = withEnding('.d.ts', '.d.cts')
  expect(types.toSorted()).toEqual(['dist/index.d.cts', 'dist/index.d.ts'])
  const specifiers = types.flatMap((file) => [
    ...text(file).matchAll(/(?:from|import\(|require\()\s*['"]([^'"]+)['"]/g),
  ])
  expect(specifiers.map(([, specifier = '']) => specifier).filter((specifier) => !isBuiltin(specifier))).toEqual([])
})

test('its types do not show what is internal', () => {
  expect(withEnding('.d.ts', '.d.cts').filter((file) => text(file).includes('@internal'))).toEqual([])
})

test('each bundle has a source map, with our sources in it', () => {
  const bundles = withEnding('.js', '.cjs').filter((file) => text(file).includes('//# sourceMappingURL='))
  expect(bundles.length).toBeGreaterThan(10)
  const sources = new Map<string, string | null>()
  for (const file of bundles) {
    const [, map = ''] = /\/\/# sourceMappingURL=(\S+)\s*$/.exec(text(file)) ?? []
    const { sources: paths, sourcesContent } = JSON.parse(text(join(dirname(file), map))) as {
      sources: string[]
      sourcesContent: (string | null)[]
    }
    for (const [at, path] of paths.entries()) sources.set(path, sourcesContent[at] ?? null)
  }
  const ours = [...sources].filter(([path]) => /\/src\/.*\.ts$/.test(path))
  expect(ours.length).toBeGreaterThan(100)
  expect(ours.filter(([, content]) => !content)).toEqual([])
})

test('nothing names a folder of the machine that built it, or a part of the workspace', () => {
  const readable = files.filter((file) =>
    ['.js', '.cjs', '.ts', '.cts', '.json', '.lua', '.md', '.txt'].includes(extname(file)),
  )
  expect(readable.filter((file) => text(file).includes(root))).toEqual([])
  expect(withEnding('.d.ts', '.d.cts', '.json', '.md').filter((file) => text(file).includes('@burla/'))).toEqual([])
})

test('the licences of all packages that are copied into it are in it, with their versions', () => {
  const licences = text('dist/THIRD-PARTY-LICENSES.txt')
  for (const name of ['ioredis', 'bullmq', 'fastify', 'acorn', 'commander', 'luxon', '@fastify/swagger-ui']) {
    const { version } = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')) as {
      version: string
    }
    expect(licences).toContain(`${name} ${version} (`)
  }
})

test('packing leaves the workspace as it was, also after an npm that died amid it', () => {
  const workspace = JSON.parse(readFileSync(join(root, 'libs/sdk/package.json'), 'utf8')) as typeof manifest
  expect(workspace).toMatchObject({ private: true, exports: { '.': './src/index.ts' } })
  expect(
    readdirSync(join(root, 'libs/sdk')).filter((name) => /LICENSE|package\..*\./.test(name) && name !== 'package.json'),
  ).toEqual([])
})
