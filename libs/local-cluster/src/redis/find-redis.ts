/** Which Redis there is: an address that was given, or a server program on this machine (design section 6). */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { BurlaError, type RedisAddress } from '@burla/protocol'

export type FoundRedis =
  { type: 'address'; address: RedisAddress; password: string } | { type: 'program'; path: string }

/** `BURLA_REDIS_URL`, else `redis-server` or `valkey-server` on the PATH, else undefined. */
export function findRedis(env: NodeJS.ProcessEnv = process.env): FoundRedis | undefined {
  const url = env['BURLA_REDIS_URL']
  if (url) return { type: 'address', ...parseRedisUrl(url) }
  const path = findRedisProgram(env)
  return path === undefined ? undefined : { type: 'program', path }
}

export function findRedisProgram(env: NodeJS.ProcessEnv = process.env): string | undefined {
  return findProgram('redis-server', env) ?? findProgram('valkey-server', env)
}

export function redisMissing(): BurlaError {
  return new BurlaError(
    'REDIS_MISSING',
    'Burla needs a Redis server (7.0 or newer) and found none: run `npx burla setup`, or install redis-server, or set BURLA_REDIS_URL.',
  )
}

/** `redis://:password@host:6379`, `rediss://...` (TLS) or `unix:///path?password=...`. */
export function parseRedisUrl(text: string): { address: RedisAddress; password: string } {
  const url = URL.canParse(text) ? new URL(text) : null
  const refuse = (why: string) => new BurlaError('REDIS_REFUSED', `BURLA_REDIS_URL ${why}.`)
  if (url === null || !['redis:', 'rediss:', 'unix:'].includes(url.protocol)) {
    throw refuse('must look like redis://:password@host:6379, rediss://... or unix:///path')
  }
  if (url.username !== '' && url.username !== 'default') {
    throw refuse(`names the user "${url.username}"; Burla makes a user for each job and must be the default user`)
  }
  const password = decodeURIComponent(url.password) || (url.searchParams.get('password') ?? '')
  if (password === '') {
    throw refuse("has no password; Burla runs other people's functions and needs the default user to have one")
  }
  if (url.protocol === 'unix:') return { address: { path: decodeURIComponent(url.pathname) }, password }
  const address = { host: url.hostname, port: Number(url.port || 6379) }
  return { address: url.protocol === 'rediss:' ? { ...address, tls: true } : address, password }
}

export function findProgram(name: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
