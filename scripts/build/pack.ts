/**
 * Around `npm pack -w libs/sdk`. npm packs a folder as it stands on disk, with the package.json that is there, so the
 * published one is put in its place before (`prepack`) and the workspace's put back after (`postpack`). In between,
 * `import 'burla'` finds the built files. If npm dies in between, the next `prepack` begins by putting it back, and so
 * does the set-up that runs before the tests (`ensure-setup.mjs`).
 */
import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { publishedManifest } from './manifest.ts'
import { root, sdk } from './places.ts'

const manifest = join(sdk, 'package.json')
const kept = join(sdk, 'package.workspace.json')
const licence = join(sdk, 'LICENSE')

async function before(): Promise<void> {
  if (existsSync(kept)) after()
  await import('./main.ts')
  const workspace = JSON.parse(readFileSync(manifest, 'utf8')) as Parameters<typeof publishedManifest>[0]
  copyFileSync(join(root, 'LICENSE'), licence)
  copyFileSync(manifest, kept)
  writeFileSync(`${manifest}.new`, `${JSON.stringify(publishedManifest(workspace), null, 2)}\n`)
  renameSync(`${manifest}.new`, manifest)
}

function after(): void {
  renameSync(kept, manifest)
  rmSync(licence, { force: true })
}

if (process.argv[2] === 'before') await before()
else after()
