import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { npm } from './npm.ts'

const root = join(import.meta.dirname, '..')

/** Packs the package as anybody would, into this empty folder, and gives the path of the tarball. */
export function packPackage(folder: string): string {
  // What an earlier build left must not be packed: `contents.test.ts` looks for this file.
  mkdirSync(join(root, 'libs/sdk/dist'), { recursive: true })
  writeFileSync(join(root, 'libs/sdk/dist/stale.js'), '')
  npm(['pack', '-w', 'libs/sdk', '--pack-destination', folder], { cwd: root })
  const [tarball, ...others] = readdirSync(folder)
  if (tarball === undefined || others.length > 0) throw new Error(`npm pack made ${tarball} ${others.join(' ')}`)
  return join(folder, tarball)
}
