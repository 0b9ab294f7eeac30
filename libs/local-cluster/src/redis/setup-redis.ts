/** Installs a Redis server where there is none: called by `burla setup` and the repo's own scripts, never by a map. */
import { spawn } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { BurlaError } from '@burla/protocol'
import { findProgram, findRedis, redisMissing, type FoundRedis } from './find-redis.ts'

/** Resolves with the Redis that was there or was installed. `say` is told before anything is changed. */
export async function setupRedis({ say }: { say: (line: string) => void }): Promise<FoundRedis> {
  const found = findRedis()
  if (found !== undefined) return found
  if (process.getuid?.() === 0 && findProgram('apt-get') !== undefined) {
    say('No Redis server found: installing the package redis-server with apt-get, without starting a service.')
    await installWithApt()
  } else if (findProgram('brew') !== undefined) {
    say('No Redis server found: installing the formula redis with Homebrew, without starting a service.')
    await run('brew', ['install', 'redis'])
  } else throw redisMissing()
  const installed = findRedis()
  if (installed === undefined) throw redisMissing()
  return installed
}

/**
 * Debian starts a package's service unless policy-rc.d says 101, "forbidden by policy". Ours is there only while apt
 * runs; one that exists already is somebody's own policy, and stays.
 */
const policyFile = '/usr/sbin/policy-rc.d'

async function installWithApt(): Promise<void> {
  const ours = !existsSync(policyFile)
  if (ours) writeFileSync(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  const install = ['install', '-y', '-qq', '--no-install-recommends', 'redis-server']
  try {
    // The package lists of a fresh image are empty or old.
    await run('apt-get', ['update', '-qq'])
    await run('apt-get', install)
  } finally {
    if (ours) rmSync(policyFile, { force: true })
  }
}

async function run(program: string, args: string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-4_000)))
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code === 0) return
  throw new BurlaError(
    'REDIS_MISSING',
    `\`${program} ${args.join(' ')}\` ended with ${code}:\n${output.trim()}\nInstall redis-server yourself, or set BURLA_REDIS_URL.`,
  )
}
