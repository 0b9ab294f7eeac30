/** Files that bundled packages read at run time: they go into `assets/<package>/`, as they lie in the package. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { dist, root } from './places.ts'

const folders: Record<string, string[]> = {
  '@bull-board/ui': ['dist'],
  '@fastify/swagger-ui': ['static'],
}

/** What a file in this folder of node_modules takes for its folder, from beside the bundles; undefined: it reads nothing. */
export function placeOfAssets(folder: string): string | undefined {
  const reads = Object.keys(folders).some((name) => folder === name || folder.startsWith(`${name}/`))
  return reads ? `assets/${folder}` : undefined
}

export function copyAssets(): void {
  for (const [name, own] of Object.entries(folders)) {
    for (const folder of own) {
      cpSync(join(root, 'node_modules', name, folder), join(dist, 'assets', name, folder), { recursive: true })
    }
  }
}
