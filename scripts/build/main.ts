/**
 * Builds the published package `burla` into libs/sdk/dist, for Node 20, self-contained.
 *
 *   index.js, index.cjs        what a program imports; index.d.ts, index.d.cts: its types
 *   internal.js, internal.cjs  for our own tests and benches; not exported
 *   library.cjs                what is behind both; ioredis.cjs, bullmq.cjs: what it loads of them
 *   cli.js                     the command
 *   supervisor.js, api.js ...  the parts of a cluster; chunk-*.js: what they have in common
 *   scripts/, assets/          Lua, and pages of the api
 */
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { copyAssets } from './assets.ts'
import { buildLibrary, buildProcesses } from './bundles.ts'
import { buildDeclarations } from './declarations.ts'
import { writeDoors } from './doors.ts'
import { writeLicences } from './licences.ts'
import { dist, root } from './places.ts'

rmSync(dist, { recursive: true, force: true })
mkdirSync(dist, { recursive: true })
const [library, processes] = await Promise.all([buildLibrary(), buildProcesses(), buildDeclarations()])
writeDoors()
writeLicences([...library, processes])
copyAssets()
cpSync(join(root, 'libs/queue/src/scripts'), join(dist, 'scripts'), { recursive: true })
