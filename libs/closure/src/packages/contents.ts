/** The files of a package that does not come from a registry: they travel with the function. */
import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { BurlaError, largestPackageBytes } from '@burla/protocol'
import type { InstalledPackage } from './graph.ts'
import { readPackageJson } from './installed.ts'
import { encodeTar, type ArchivedFile } from './tar.ts'

export interface PackageContent {
  /** sha256 of `bytes`, hex */
  digest: string
  /** a tar.gz */
  bytes: Buffer
}

/** What packages depend on is installed for them, and no repository is meant to travel. */
const leftOut = new Set(['node_modules', '.git', '.DS_Store'])
/** Of a package's scripts those that npm runs where it is installed; the others are for who develops it. */
const installScripts = ['preinstall', 'install', 'postinstall']

/** @throws BurlaError `FUNCTION_TOO_BIG` */
export function packContent({ name, folder = '' }: InstalledPackage): PackageContent {
  const files: ArchivedFile[] = []
  let size = 0
  const add = (path: string): void => {
    const stats = lstatSync(join(folder, path))
    if (stats.isDirectory()) return addFolder(path)
    // A link may lead anywhere.
    if (!stats.isFile()) return
    size += stats.size
    if (size > largestPackageBytes) throw tooBig(name, folder)
    const bytes = path === 'package.json' ? publishedJson(folder) : readFileSync(join(folder, path))
    files.push({ path, bytes, isExecutable: (stats.mode & 0o111) !== 0 })
  }
  function addFolder(path: string): void {
    for (const each of readdirSync(join(folder, path))) {
      if (!leftOut.has(each)) add(path === '' ? each : `${path}/${each}`)
    }
  }
  addFolder('')
  const bytes = gzipSync(encodeTar(files))
  return { digest: createHash('sha256').update(bytes).digest('hex'), bytes }
}

function publishedJson(folder: string): Buffer {
  const { scripts = {}, devDependencies: _own, ...json } = readPackageJson(folder)
  const kept = Object.entries(scripts).filter(([script]) => installScripts.includes(script))
  return Buffer.from(JSON.stringify({ ...json, scripts: Object.fromEntries(kept) }))
}

function tooBig(name: string, folder: string): BurlaError {
  const most = largestPackageBytes / 2 ** 20
  return new BurlaError(
    'FUNCTION_TOO_BIG',
    `the package ${name} is not from a registry, so its files travel with the function, and ${folder} has more than ${most} MiB of ` +
      'them. Move what its code does not need out of that folder, or publish it and depend on a version',
  )
}
