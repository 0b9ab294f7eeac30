/**
 * Builds what the containers of a cluster run, into the folder that is named: `api.js`, `agent.js` (third-party packages
 * beside them, in node_modules) and `runner/`, which has everything in it, for any image with Node 20 or newer.
 */
import { cpSync, globSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, type BuildOptions } from 'esbuild'

const root = join(import.meta.dirname, '../..')
const out = process.argv[2]
if (out === undefined) throw new Error('usage: services.ts FOLDER')

const shared: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'esm',
  splitting: true,
  chunkNames: 'chunk-[hash]',
  // errors cross processes by the name of their class
  keepNames: true,
  // what it would find are settings of the type checker
  tsconfigRaw: {},
  logLevel: 'warning',
}
const manifests = globSync('{apps,libs}/*/package.json', { cwd: root }).map(
  (path) => JSON.parse(readFileSync(join(root, path), 'utf8')) as { dependencies?: Record<string, string> },
)
const thirdParty = manifests
  .flatMap(({ dependencies = {} }) => Object.keys(dependencies))
  .filter((name) => !name.startsWith('@burla/') && name !== 'burla')

mkdirSync(out, { recursive: true })
await build({
  ...shared,
  target: 'node24',
  outdir: out,
  external: thirdParty,
  entryPoints: { api: 'apps/api/src/service-main.ts', agent: 'apps/node-agent/src/service-main.ts' },
})
await build({
  ...shared,
  target: 'node20',
  outdir: join(out, 'runner'),
  // an optional speed-up, with native code for one Node only
  external: ['msgpackr-extract'],
  // Its CommonJS, which `main` names, would have no named exports where it is imported late: by a job inside a call.
  alias: { bullmq: join(root, 'node_modules/bullmq/dist/esm/index.js') },
  banner: {
    js: "import { createRequire as burlaRequire } from 'node:module'; const require = burlaRequire(import.meta.url);",
  },
  entryPoints: {
    runner: 'apps/runner/src/main.ts',
    'slot-main': 'apps/runner/src/slots/slot-main.ts',
    // for functions that import it by name
    burla: 'libs/sdk/src/index.ts',
  },
})
cpSync(join(root, 'apps/runner/src/start.cjs'), join(out, 'runner/start.cjs'))
cpSync(join(root, 'infra/images/healthy.js'), join(out, 'healthy.js'))
for (const folder of ['scripts', 'runner/scripts']) {
  cpSync(join(root, 'libs/queue/src/scripts'), join(out, folder), { recursive: true })
}
for (const folder of ['.', 'runner']) {
  cpSync(join(root, 'infra/images/esm.json'), join(out, folder, 'package.json'))
}
