import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { npm } from '@burla/testkit/npm'

const root = join(import.meta.dirname, '..')

/**
 * Packs the package as anybody would, into this empty folder, and gives the path of the tarball. What may lie about from
 * earlier does: `contents.test.ts` looks for it.
 */
export function packPackage(folder: string): string {
  // An npm that died when all was ready to be packed, and a file of another build.
  execFileSync('npm', ['run', '--silent', 'prepack', '-w', 'libs/sdk'], { cwd: root })
  mkdirSync(join(root, 'libs/sdk/dist'), { recursive: true })
  writeFileSync(join(root, 'libs/sdk/dist/stale.js'), '')
  npm(['pack', '-w', 'libs/sdk', '--pack-destination', folder], { cwd: root })
  const [tarball, ...others] = readdirSync(folder)
  if (tarball === undefined || others.length > 0) throw new Error(`npm pack made ${tarball} ${others.join(' ')}`)
  return join(folder, tarball)
}
