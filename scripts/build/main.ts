/**
 * Builds the published package `burla` into libs/sdk/dist, for Node 20: our own packages bundled in, third-party ones
 * left as dependencies.
 *
 *   index.js, index.cjs   the library; cli.js: the command
 *   parts/*.js            the processes of an embedded cluster, each started by its path
 *   scripts/, parts/scripts/   Lua, read from beside the code that runs it
 *   package.json          what is published, with the dependencies of everything that was bundled
 */
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, type BuildOptions } from 'esbuild'
import { publishedManifest, readPackages } from './manifest.ts'

const root = join(import.meta.dirname, '../..')
const dist = join(root, 'libs/sdk/dist')
const packages = readPackages(root)
const manifest = publishedManifest(packages)

const shared: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  sourcemap: 'linked',
  // errors cross processes by the name of their class
  keepNames: true,
  sourcesContent: false,
  external: Object.keys(manifest.dependencies),
  logLevel: 'warning',
}
const modules: BuildOptions = { ...shared, format: 'esm', splitting: true, chunkNames: 'chunk-[hash]' }

rmSync(dist, { recursive: true, force: true })
mkdirSync(dist, { recursive: true })

await build({
  ...modules,
  outdir: dist,
  entryPoints: { index: 'libs/sdk/src/index.ts', cli: 'libs/sdk/src/cli/main.ts' },
})
await build({
  ...modules,
  outdir: join(dist, 'parts'),
  entryPoints: {
    supervisor: 'libs/local-cluster/src/supervisor/main.ts',
    api: 'apps/api/src/main.ts',
    agent: 'apps/node-agent/src/main.ts',
    runner: 'apps/runner/src/main.ts',
    'slot-main': 'apps/runner/src/slots/slot-main.ts',
  },
})
await build({
  ...shared,
  format: 'cjs',
  outfile: join(dist, 'index.cjs'),
  entryPoints: ['libs/sdk/src/index.ts'],
  // CommonJS has no import.meta
  banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
  define: { 'import.meta.url': 'importMetaUrl' },
})
for (const folder of ['scripts', 'parts/scripts']) {
  cpSync(join(root, 'libs/queue/src/scripts'), join(dist, folder), { recursive: true })
}
// Bull Board's page and its files, where `apps/api/src/queues/board-server.ts` looks for them.
const boardFiles = '@bull-board/ui/dist'
cpSync(join(root, 'node_modules', boardFiles), join(dist, 'parts/assets', boardFiles), { recursive: true })
cpSync(join(root, 'LICENSE'), join(dist, 'LICENSE'))
writeFileSync(join(dist, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
