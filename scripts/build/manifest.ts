/** The package.json of the published package, put together from those of the packages that are bundled into it. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Package {
  name: string
  version: string
  description?: string
  dependencies?: Record<string, string>
}

export function readPackages(root: string): Package[] {
  const paths = globSync('{apps,libs}/*/package.json', { cwd: root })
  return paths.map((path) => JSON.parse(readFileSync(join(root, path), 'utf8')) as Package)
}

/** The testkit is never shipped. */
const notBundled = '@burla/testkit'

export function publishedManifest(packages: Package[]) {
  const sdk = packages.find(({ name }) => name === 'burla')
  if (!sdk) throw new Error('libs/sdk/package.json must be called "burla"')
  const ours = new Set(packages.map(({ name }) => name))
  const all = packages
    .filter(({ name }) => name !== notBundled)
    .flatMap(({ dependencies = {} }) => Object.entries(dependencies))
    .filter(([name]) => !ours.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    name: sdk.name,
    version: sdk.version,
    description: sdk.description,
    type: 'module',
    license: 'MIT',
    engines: { node: '>=20' },
    exports: { '.': { import: './index.js', require: './index.cjs' } },
    bin: { burla: './cli.js' },
    dependencies: Object.fromEntries(all),
  }
}
