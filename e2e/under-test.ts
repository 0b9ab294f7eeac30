/**
 * What the suite runs against: the workspace's sources, or, where it is copied into a folder beside an installed package
 * (`npm run test:package`), that package, on the Node that runs the tests. `burla` is found as any package is. What is
 * in neither a program's nor the package's exports is found here.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const installed = join(root, 'node_modules/burla/dist')
const isInstalled = existsSync(join(root, 'node_modules/burla')) && !existsSync(join(root, 'libs/sdk'))

export const nodeModules = join(root, 'node_modules')

/** The main file of the command `burla`. */
export const command = isInstalled ? join(installed, 'cli.js') : join(root, 'libs/sdk/src/cli/main.ts')

/** What older Nodes need to run a `.ts` file: 20 a loader, 22 to be told not to warn. */
export const nodeArgs =
  Number(process.versions.node.split('.')[0]) < 22
    ? ['--import', join(nodeModules, 'tsx/dist/loader.mjs')]
    : ['--disable-warning=ExperimentalWarning']

/** A program's text as it runs here: the package does not export `burla/internal`, there it is named by its path. */
export function textOfProgram(source: string): string {
  if (!isInstalled) return source
  const module = source.replaceAll("from 'burla/internal'", `from ${JSON.stringify(join(installed, 'internal.js'))}`)
  return module.replaceAll("require('burla/internal')", `require(${JSON.stringify(join(installed, 'internal.cjs'))})`)
}
