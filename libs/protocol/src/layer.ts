/**
 * What the packages of a function look like from outside of any platform: which npm packages there are, in which exact
 * version, and where each stands, so that every one of them finds what it found at the caller's. Nodes make a *layer* of
 * it: a folder with the packages installed.
 */

import { BurlaError } from './errors.ts'
import { packageSpec } from './package-spec.ts'

export interface LayerManifest {
  packages: LayerPackage[]
  /** `name@1.2.3`: not installed at the caller's, so what they depend on is up to the registry */
  also: string[]
  /** the caller's folders, and the places that stand for them; the longest that fits counts, and all else is the root */
  folders: Record<string, string>
}

export interface LayerPackage {
  /** below the layer's root: `node_modules/a/node_modules/b`, or `linked/c` for what is no package of a registry */
  at: string
  name: string
  version: string
  /** names that it finds, with their versions */
  needs: Record<string, string>
  /** its commands: install scripts of others call them */
  bin?: Record<string, string>
  /** may be missing: it is for some platforms only, or its installation may fail */
  optional?: true
  only?: LayerOnly
  /** digest of its files as a tar.gz, of a package that comes from the caller and not from a registry */
  content?: string
}

/** As in a package.json: `os: ['linux']`, `cpu: ['!ia32']`. */
export interface LayerOnly {
  os?: string[]
  cpu?: string[]
  libc?: string[]
}

/** What compiled code is made for. */
export interface LayerPlatform {
  /** `process.platform` */
  os: string
  /** `process.arch` */
  cpu: string
  /** of Linux */
  libc: 'glibc' | 'musl' | null
  /** `process.versions.modules`: the version of Node's own binary interface */
  abi: string
}

/** A layer where a runner sees it. */
export interface MountedLayer {
  root: string
  folders: LayerManifest['folders']
}

/** The most that a manifest may hold. */
export const mostLayerPackages = 10_000

/** The part of it that is for this platform, without what only packages for other platforms need. */
export function packagesFor(packages: LayerPackage[], { os, cpu, libc }: LayerPlatform): LayerPackage[] {
  let left = packages.filter(
    ({ optional, only }) =>
      !optional || (allows(only?.os, os) && allows(only?.cpu, cpu) && (libc === null || allows(only?.libc, libc))),
  )
  for (;;) {
    const places = new Set(left.map(({ at }) => at))
    const needed = new Set(left.flatMap(({ needs }) => Object.keys(needs)))
    const kept = left.filter(({ at, optional }) => {
      const above = /^(.*)\/node_modules\/(?:@[^/]+\/)?[^/]+$/.exec(at)?.[1]
      const isBelowGone = above !== undefined && !places.has(above) && packages.some((each) => each.at === above)
      return !isBelowGone && (!optional || needed.has(nameAt(at)))
    })
    if (kept.length === left.length) return kept
    left = kept
  }
}

/** The name under which a package is found at its place; where it is an alias, another one than its own. */
export function nameAt(place: string): string {
  return /(?:@[^/]+\/)?[^/]+$/.exec(place)?.[0] ?? place
}

/** `['linux', 'darwin']` names those that may, `['!win32']` those that may not. */
function allows(list: string[] | undefined, value: string): boolean {
  if (list === undefined || list.length === 0) return true
  if (list.includes(`!${value}`)) return false
  const named = list.filter((each) => !each.startsWith('!'))
  return named.length === 0 || named.includes(value) || named.includes('any')
}

/**
 * What is not of this form is refused: a list is somebody else's, and its places become paths.
 *
 * @throws BurlaError `OPTION_INVALID`
 */
export function parseLayerManifest(text: string): LayerManifest {
  try {
    const { packages, also, folders } = JSON.parse(text) as LayerManifest
    if (packages.length > mostLayerPackages) throw new Error(`it has more than ${mostLayerPackages} packages`)
    for (const each of packages) {
      if (!isLayerPackage(each)) throw new Error(`${JSON.stringify(each.at)} is no package at a place for one`)
    }
    for (const to of Object.values(folders)) if (to !== '' && !place.test(to)) throw new Error(`${to} is no place`)
    for (const spec of also) if (!packageSpec.test(spec)) throw new Error(`${spec} is no package`)
    return { packages, also, folders }
  } catch (cause) {
    const sentence = `the list of the packages of a function cannot be used: ${(cause as Error).message}`
    throw new BurlaError('OPTION_INVALID', sentence, { cause })
  }
}

function isLayerPackage({ at, name, version, content, needs, bin = {} }: LayerPackage): boolean {
  if (!Object.entries(bin).every((entry) => entry.every((text) => command.test(text)))) return false
  const isSent = /^linked\/(@[^/]+\/)?[^/]+$/.test(at)
  const needed = Object.entries(needs).every(
    ([each, exact]) => packageName.test(each) && (exact === '*' || packageVersion.test(exact)),
  )
  if (!place.test(at) || !packageName.test(name) || !packageVersion.test(version) || !needed) return false
  return content === undefined ? !isSent : isSent && /^[0-9a-f]{64}$/.test(content)
}

const nameText = '(?:@[a-zA-Z0-9~_-][a-zA-Z0-9._~-]*/)?[a-zA-Z0-9~_-][a-zA-Z0-9._~-]*'
/** also a relative path that leads nowhere else */
const command = /^(?!.*\.\.)[\w.@-][\w./@-]*$/
const packageName = new RegExp(`^${nameText}$`)
const packageVersion = /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/
const place = new RegExp(`^(?:linked/${nameText}|node_modules/${nameText})(?:/node_modules/${nameText})*$`)

/** Where a file of the caller's would stand in the layer, as far as lookups of modules go. */
export function placeOfFile(file: string, folders: Record<string, string>): string {
  const found = Object.keys(folders)
    .filter((folder) => file === folder || file.startsWith(`${folder}/`) || file.startsWith(`${folder}\\`))
    .toSorted((a, b) => b.length - a.length)[0]
  if (found === undefined) return '[function]'
  const rest = file.slice(found.length).replaceAll('\\', '/')
  return `${folders[found] ?? ''}${rest}`.replace(/^\//, '')
}
