/** The licences of the packages whose code is copied into ours, as they ask for. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Metafile } from 'esbuild'
import { dist, root } from './places.ts'

export function writeLicences(metafiles: Metafile[]): void {
  const paths = metafiles.flatMap(({ inputs }) => Object.keys(inputs))
  const folders = paths.map((path) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0])
  const unique = [...new Set(folders.filter((folder) => folder !== undefined))].toSorted()
  const sections = unique.map((folder) => licenceOf(join(root, folder)))
  writeFileSync(join(dist, 'THIRD-PARTY-LICENSES.txt'), sections.join(`\n${'-'.repeat(80)}\n\n`))
}

function licenceOf(folder: string): string {
  const { name, version, license, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string
    version: string
    license?: string
    author?: string | { name: string }
  }
  if (license === undefined) throw new Error(`${name} does not say under which licence it is`)
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
  const by = typeof author === 'string' ? author : author?.name
  const text = file === undefined ? `${license}${by ? `, by ${by}` : ''}` : readFileSync(join(folder, file), 'utf8')
  return `${name} ${version} (${license})\n\n${text.trim()}\n`
}
