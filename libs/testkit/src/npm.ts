import { spawnSync } from 'node:child_process'
import { delimiter, dirname, join } from 'node:path'

const root = join(import.meta.dirname, '../../..')
/** What is fetched for these tests and kept for the next run. */
export const cache = join(root, 'node_modules/.cache/burla-package')

/** Runs npm, on the Node given or this one, and gives what it said; throws with all of it when it fails. */
export function npm(args: string[], { cwd, node = process.execPath }: { cwd: string; node?: string }): string {
  // What an `npm run` around this one tells its children is about another folder.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')))
  const { status, stdout, stderr, error } = spawnSync('npm', [...args, '--no-audit', '--no-fund'], {
    cwd,
    encoding: 'utf8',
    env: { ...env, PATH: [dirname(node), process.env['PATH']].join(delimiter) },
  })
  if (status !== 0) throw new Error(`npm ${args.join(' ')} in ${cwd} failed:\n${error ?? ''}${stdout}${stderr}`)
  return stdout + stderr
}
