/**
 * Makes a fresh clone ready: the packages of the lock file, and a Redis server. Plain JavaScript for whatever Node (20 or
 * newer) the machine has; what follows it runs on the Node 24 that comes with the packages. Says what it does before it
 * does it, and does nothing where all is there.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, renameSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))
/** The Node of the workspace. */
export const node = `${root}node_modules/node/bin/node`

export function ensureSetup() {
  putBackManifest()
  const why = staleBecause()
  if (why !== undefined) {
    console.log(`Installing the packages with npm ci: ${why}.`)
    // The npm that runs this script, where one does.
    const npm = process.env.npm_execpath
    const [program, args] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []]
    run(program, [...args, 'ci', '--no-audit', '--no-fund'])
  }
  run(node, [`${root}libs/sdk/src/cli/main.ts`, 'setup'])
}

/** While npm packs libs/sdk, its package.json is the published one; an npm that died has not put back the workspace's. */
function putBackManifest() {
  const sdk = `${root}libs/sdk/`
  if (!existsSync(`${sdk}package.workspace.json`)) return
  console.log('Putting back libs/sdk/package.json, which an interrupted npm pack has left as it is published.')
  renameSync(`${sdk}package.workspace.json`, `${sdk}package.json`)
}

/** Why node_modules is not what the lock file says, or undefined. npm writes down there what it has installed. */
export function staleBecause(folder = root) {
  const read = (path) => JSON.parse(readFileSync(`${folder}${path}`, 'utf8')).packages
  if (!existsSync(`${folder}node_modules/.package-lock.json`)) return 'there are none yet'
  if (!existsSync(`${folder}node_modules/node/bin/node`)) return 'Node 24 is missing'
  const installed = read('node_modules/.package-lock.json')
  for (const [path, { version, link, optional, devOptional }] of Object.entries(read('package-lock.json'))) {
    // What is optional may be for another platform; workspaces are links into the tree.
    if (!path.includes('node_modules/') || link || optional || devOptional) continue
    if (installed[path]?.version !== version) return `${path} is not at ${version}`
  }
  return undefined
}

function run(program, args) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit' })
  if (status === 0) return
  console.error(error?.message ?? `${program} ${args.join(' ')} ended with ${status}`)
  process.exit(status || 1)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) ensureSetup()
