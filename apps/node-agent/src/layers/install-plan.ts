/**
 * What npm is asked to install: a package.json and a package-lock.json of which nothing is left to choose. Pure. All
 * versions are exact, and no entry says where a package comes from: that is up to the registry which the cluster's npm is
 * configured for, never to a job.
 */
import { createHash } from 'node:crypto'
import { nameAt, packagesFor, type LayerManifest, type LayerPackage, type LayerPlatform } from '@burla/protocol'

export interface InstallPlan {
  /** the layer's name: the same packages at the same places for the same platform */
  key: string
  /** path -> text */
  files: Record<string, string>
  /** places of packages that the caller has sent, with the digests of their files */
  contents: { at: string; digest: string }[]
  /** of npm */
  args: string[]
  /** for people: `sharp@0.34.5 and 5 more` */
  title: string
}

interface Locked {
  version?: string
  name?: string
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  [more: string]: unknown
}

/** What peers need is among what they need; scripts say on failure what they said. */
const npmArgs = ['--legacy-peer-deps', '--no-audit', '--no-fund', '--foreground-scripts', '--loglevel=error']

export function planInstall({ packages, also }: LayerManifest, platform: LayerPlatform): InstallPlan {
  const wanted = packagesFor(packages, platform)
  const lookingFrom = placesToLookFrom(wanted)
  const root: Locked = { name: 'layer', version: '0.0.0', ...rootNeeds(wanted, lookingFrom) }
  const locked: Record<string, Locked> = { '': root }
  for (const each of wanted) locked[each.at] = lockedOf(each, wanted)
  for (const at of lookingFrom) locked[at] = { version: '0.0.0', dependencies: namesBelow(at, wanted) }
  for (const at of Object.keys(locked).filter(isLinked)) {
    locked[`node_modules/${at.slice('linked/'.length)}`] = { resolved: at, link: true }
  }
  const lock = { name: 'layer', version: '0.0.0', lockfileVersion: 3, requires: true, packages: locked }
  const allowScripts = Object.fromEntries(wanted.map(({ name }) => [name, true]))
  const manifests = lookingFrom.map((at): [string, string] => {
    const json = { name: at.slice('linked/'.length), version: '0.0.0', dependencies: namesBelow(at, wanted) }
    return [`${at}/package.json`, JSON.stringify(json)]
  })
  return {
    key: keyOf(wanted, also, platform),
    files: {
      'package.json': JSON.stringify({ ...root, private: true, allowScripts }),
      'package-lock.json': JSON.stringify(lock),
      ...Object.fromEntries(manifests),
    },
    contents: wanted.flatMap(({ at, content }) => (content === undefined ? [] : [{ at, digest: content }])),
    args: also.length === 0 ? ['ci', ...npmArgs] : ['install', '--save-exact', ...npmArgs, ...also],
    title: titleOf(wanted, also),
  }
}

function isLinked(at: string): boolean {
  return /^linked\/(@[^/]+\/)?[^/]+$/.test(at)
}

/** `linked/x` of which no files are sent: files of the program that find other versions than the rest look from there. */
function placesToLookFrom(wanted: LayerPackage[]): string[] {
  const above = wanted.flatMap(({ at }) => /^linked\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(at)?.[0] ?? [])
  return [...new Set(above)].filter((at) => !wanted.some((each) => each.at === at))
}

/** All that stands at the top is asked for by the root, so that npm removes nothing. */
function rootNeeds(wanted: LayerPackage[], lookingFrom: string[]): Locked {
  const links = [...wanted.map(({ at }) => at), ...lookingFrom].filter(isLinked)
  const top = wanted.filter(({ at }) => at === `node_modules/${nameAt(at)}`)
  const needs = (isOptional: boolean) =>
    Object.fromEntries(
      top.filter(({ optional = false }) => optional === isOptional).map((each) => [nameAt(each.at), specOf(each)]),
    )
  const linked = links.map((at) => [at.slice('linked/'.length), `file:${at}`])
  return { dependencies: { ...needs(false), ...Object.fromEntries(linked) }, optionalDependencies: needs(true) }
}

function specOf({ at, name, version }: LayerPackage): string {
  return nameAt(at) === name ? version : `npm:${name}@${version}`
}

function namesBelow(at: string, wanted: LayerPackage[]): Record<string, string> {
  const own = wanted.filter((each) => each.at === `${at}/node_modules/${nameAt(each.at)}`)
  return Object.fromEntries(own.map((each) => [nameAt(each.at), specOf(each)]))
}

function lockedOf(
  { at, name, version, needs, bin, optional, only, content }: LayerPackage,
  wanted: LayerPackage[],
): Locked {
  const there = Object.entries(needs).filter(([needed]) => wanted.some((each) => nameAt(each.at) === needed))
  const isOptional = ([needed]: [string, string]) => wanted.every((each) => nameAt(each.at) !== needed || each.optional)
  return {
    version,
    ...(nameAt(at) !== name && { name }),
    // npm looks into the package's own package.json for its scripts only then
    ...(content === undefined && { hasInstallScript: true }),
    ...(optional && { optional }),
    ...(bin && { bin }),
    ...only,
    dependencies: Object.fromEntries(there.filter((each) => !isOptional(each))),
    optionalDependencies: Object.fromEntries(there.filter(isOptional)),
  }
}

function keyOf(wanted: LayerPackage[], also: string[], { os, cpu, libc, abi }: LayerPlatform): string {
  const lines = wanted.map(({ at, name, version, content = '' }) => `${at} ${name}@${version} ${content}`).toSorted()
  const text = [os, cpu, libc, abi, ...lines, '', ...also.toSorted()].join('\n')
  return createHash('sha256').update(text).digest('hex')
}

/** Those that others need come last: the first ones are what the function itself asks for, as far as one can tell. */
function titleOf(wanted: LayerPackage[], also: string[]): string {
  const needed = new Set(wanted.flatMap(({ needs }) => Object.keys(needs)))
  const names = wanted
    .toSorted((a, b) => Number(needed.has(nameAt(a.at))) - Number(needed.has(nameAt(b.at))))
    .map(({ name, version }) => `${name}@${version}`)
  const [first = 'nothing', ...others] = [...also, ...names]
  return others.length === 0 ? first : `${first} and ${others.length} more`
}
