/**
 * The bundles of the package. All that they need is in them, third-party packages too: a start reads a handful of files
 * instead of hundreds, programs and all parts of a cluster have the same BullMQ, and nothing else is installed, so no
 * package that wants a newer Node and no install script.
 */
import { join } from 'node:path'
import { build, type BuildOptions, type Metafile } from 'esbuild'
import { dist, root } from './places.ts'
import { fromFilesBeside, lateRequire, thirdParty } from './plugins.ts'

const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  sourcemap: 'linked',
  // errors cross processes by the name of their class
  keepNames: true,
  metafile: true,
  logLevel: 'warning',
  // Packages that bundled ones use where they are installed; ours are not installed with them.
  external: ['@valkey/valkey-glide', 'bullmq-otel', 'msgpackr-extract', 'pg', 'redis'],
} as const satisfies BuildOptions

/**
 * What programs load, in CommonJS: it can be had by `import` and by `require`, and both get the same. What is large and
 * not always needed stands in files of its own.
 */
export async function buildLibrary(): Promise<Metafile[]> {
  const commonjs = { ...shared, format: 'cjs' } as const satisfies BuildOptions
  const results = await Promise.all([
    build({
      ...commonjs,
      outfile: join(dist, 'library.cjs'),
      stdin: {
        contents: "export * as published from './index.ts'\nexport * as internal from './internal.ts'",
        resolveDir: join(root, 'libs/sdk/src'),
        sourcefile: 'library.ts',
      },
      plugins: [thirdParty, fromFilesBeside('ioredis', 'bullmq')],
      // CommonJS has no import.meta
      banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
      define: { 'import.meta.url': 'importMetaUrl' },
      // import() wants to know the names that a CommonJS file exports; require() does not
      supported: { 'dynamic-import': false },
    }),
    build({ ...commonjs, outfile: join(dist, 'ioredis.cjs'), entryPoints: ['ioredis'], plugins: [thirdParty] }),
    build({
      ...commonjs,
      outfile: join(dist, 'bullmq.cjs'),
      entryPoints: ['bullmq'],
      plugins: [thirdParty, fromFilesBeside('ioredis')],
    }),
  ])
  return results.map(({ metafile }) => metafile)
}

/** The processes: the command, and the parts of a cluster on this machine, each started by the path of its file. */
export async function buildProcesses(): Promise<Metafile> {
  const { metafile } = await build({
    ...shared,
    format: 'esm',
    splitting: true,
    chunkNames: 'chunk-[hash]',
    outdir: dist,
    entryPoints: {
      cli: 'libs/sdk/src/cli/main.ts',
      supervisor: 'libs/local-cluster/src/supervisor/main.ts',
      api: 'apps/api/src/main.ts',
      agent: 'apps/node-agent/src/main.ts',
      runner: 'apps/runner/src/main.ts',
      'slot-main': 'apps/runner/src/slots/slot-main.ts',
    },
    // Its CommonJS, which `main` names, would have no named exports where it is imported late.
    alias: { bullmq: join(root, 'node_modules/bullmq/dist/esm/index.js') },
    plugins: [thirdParty, lateRequire],
    banner: { js: commonjsVariables },
  })
  return metafile
}

/** What the CommonJS modules among the bundled ones expect to be there. */
const commonjsVariables = `
import { createRequire as burlaCreateRequire } from 'node:module';
import { fileURLToPath as burlaFileURLToPath } from 'node:url';
const require = burlaCreateRequire(import.meta.url), __filename = burlaFileURLToPath(import.meta.url), __dirname = burlaFileURLToPath(new URL('.', import.meta.url));
`.trimStart()
