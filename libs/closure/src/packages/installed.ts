/** Packages as they are installed at the caller's: where Node finds them, and what their package.json says. Reads only. */
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'

export interface PackageJson {
  name?: string
  version?: string
  bin?: string | Record<string, string>
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
  devDependencies?: Record<string, string>
  scripts?: Record<string, string>
  os?: string[]
  cpu?: string[]
  libc?: string[]
}

const read = new Map<string, PackageJson>()

/** The real folder of the package that a file in `folder` finds under this name, links followed. */
export function findFolder(name: string, folder: string): string | undefined {
  for (let above = folder; ; above = dirname(above)) {
    const found = join(above, 'node_modules', name)
    if (!above.endsWith(`${sep}node_modules`) && existsSync(join(found, 'package.json'))) return realpathSync(found)
    if (above === dirname(above)) return undefined
  }
}

/** The real folder of the package that a file is in. */
export function folderOfFile(path: string): string | undefined {
  const folder = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(path)?.[0]
  return folder !== undefined && existsSync(join(folder, 'package.json')) ? realpathSync(folder) : undefined
}

/** As it was when it was read first: what is loaded of a package does not change either. */
export function readPackageJson(folder: string): PackageJson {
  const known = read.get(folder)
  if (known) return known
  const json = parsed(join(folder, 'package.json')) as PackageJson
  read.set(folder, json)
  return json
}

/** The package.json that says what a file of the program depends on. */
export function nearestPackageJson(folder: string): PackageJson {
  for (let above = folder; ; above = dirname(above)) {
    if (existsSync(join(above, 'package.json'))) return readPackageJson(above)
    if (above === dirname(above)) return {}
  }
}

function parsed(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new Error(`${file} cannot be read: ${(cause as Error).message}`, { cause })
  }
}
