/** Packages as Node finds them: in a folder `node_modules` beside the file or above it. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Installed {
  folder: string
  /** absent where its package.json says none */
  version: string | undefined
}

/** `from`: the URL of the file that would import it. */
export function findInstalled(name: string, from: string): Installed | undefined {
  for (let above = dirname(fileURLToPath(from)); ; above = dirname(above)) {
    const folder = join(above, 'node_modules', name)
    if (existsSync(folder)) return { folder, version: versionOf(folder) }
    if (above === dirname(above)) return undefined
  }
}

function versionOf(folder: string): string | undefined {
  const file = join(folder, 'package.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { version?: string }).version : undefined
}
