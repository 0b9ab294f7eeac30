/**
 * A private Redis server on a Unix socket, with no TCP port. Its folder holds everything: socket, log, append-only
 * file and the users (`aclfile`), so that a restart after kill -9 finds all data and all users again.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { cleanEnvironment, killGroup, type Reaper } from '@burla/processes'
import { BurlaError } from '@burla/protocol'
import { askRedis } from './ask-redis.ts'
import { checkRedis } from './check-redis.ts'
import { dataFault } from './data-fault.ts'
import { findRedisProgram, redisMissing } from './find-redis.ts'

export interface RedisOptions {
  /** private to us (0700); when it was used before, Redis goes on with the data and the users in it */
  folder: string
  /** where it listens; default: in the folder. A socket's path has at most 103 bytes on macOS, 107 on Linux */
  socketPath?: string
  /** keep an append-only file: a kill -9 of Redis alone loses nothing */
  aof: boolean
  /** sync it every second, so that a power cut loses one second. Default true; false where nothing outlives the machine */
  sync?: boolean
  /** as Redis writes it, `256mb`; default: no limit */
  maxmemory?: string
  /** the server program; default: the one on the PATH */
  program?: string
  /** of the default user; default: a random one */
  password?: string
  reaper?: Reaper
}

export interface RedisProcess {
  readonly address: { path: string }
  /** of the default user, who may do everything */
  readonly password: string
  readonly pid: number
  /** Resolves when the process that runs now has ended. */
  readonly exited: Promise<void>
  /** kill -9. Resolves when it is gone. */
  kill(): Promise<void>
  /** Asks it to end, and kills it after 2 s. */
  stop(): Promise<void>
  /** Starts it again in the same folder after its end; resolves when it has loaded its data. */
  restart(): Promise<void>
}

export const longestSocketPath = 100
const readyWithinMs = 10_000
const stopWithinMs = 2_000

/** Resolves when Redis answers: 20 ms on an idle machine. */
export async function startRedis(options: RedisOptions): Promise<RedisProcess> {
  const program = options.program ?? findRedisProgram()
  if (program === undefined) throw redisMissing()
  const path = options.socketPath ?? redisSocketPath(options.folder)
  if (Buffer.byteLength(path) > longestSocketPath) {
    throw new BurlaError(
      'CLUSTER_START_FAILED',
      `The socket path ${path} is over ${longestSocketPath} bytes; set TMPDIR to a shorter one.`,
    )
  }
  const password = options.password ?? randomRedisPassword()
  writeUsers(join(options.folder, 'users.acl'), password)
  writeFileSync(join(options.folder, 'redis.conf'), redisConfig(options, path), { mode: 0o600 })

  let current = run(program, options)
  await untilReady(current, { path, password }, options.folder)
  return {
    address: { path },
    password,
    get pid() {
      return current.pid
    },
    get exited() {
      return current.exited
    },
    kill() {
      current.signal('SIGKILL')
      return current.exited
    },
    stop() {
      const timer = setTimeout(() => current.signal('SIGKILL'), stopWithinMs)
      current.signal('SIGTERM')
      return current.exited.finally(() => clearTimeout(timer))
    },
    async restart() {
      await current.exited
      current = run(program, options)
      await untilReady(current, { path, password }, options.folder)
    },
  }
}

/** Where a Redis in this folder listens; known before it does, so that its clients can be started beside it. */
export function redisSocketPath(folder: string): string {
  return join(folder, 'redis.sock')
}

/** The default user is the one of this password; others are kept as they are. */
function writeUsers(path: string, password: string): void {
  const hash = createHash('sha256').update(password).digest('hex')
  const before = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []
  const others = before.filter((line) => line.startsWith('user ') && !line.startsWith('user default '))
  const lines = [`user default on #${hash} ~* &* +@all`, ...others]
  writeFileSync(path, `${lines.join('\n')}\n`, { mode: 0o600 })
}

export function randomRedisPassword(): string {
  return randomBytes(24).toString('base64url')
}

/** The end of its log. */
export function redisLastLines(folder: string): string[] {
  return readFileSync(redisLog(folder), 'utf8').trimEnd().split('\n').slice(-10)
}

export function redisLog(folder: string): string {
  return join(folder, 'redis.log')
}

/**
 * Redis writes its file anew, from memory, when it has doubled and is at least this large. Inputs and results pass through
 * it: with Redis' own 64 MiB a stream of large values wrote as much again.
 */
const rewriteAtLeast = '256mb'

function redisConfig({ folder, aof, sync = true, maxmemory }: RedisOptions, path: string): string {
  const lines = [
    'port 0',
    `unixsocket "${path}"`,
    'unixsocketperm 700',
    `dir "${folder}"`,
    `aclfile "${join(folder, 'users.acl')}"`,
    `appendonly ${aof ? 'yes' : 'no'}`,
    `appendfsync ${sync ? 'everysec' : 'no'}`,
    `auto-aof-rewrite-min-size ${rewriteAtLeast}`,
    'save ""',
    'maxmemory-policy noeviction',
    `maxmemory ${maxmemory ?? '0'}`,
  ]
  return `${lines.join('\n')}\n`
}

interface Running {
  pid: number
  exited: Promise<void>
  hasExited(): boolean
  signal(signal: NodeJS.Signals): void
}

function run(program: string, { folder, reaper }: RedisOptions): Running {
  const log = openSync(redisLog(folder), 'a', 0o600)
  // What Redis writes is for this user only. The mask is set for the moment of the spawn: functions have their own.
  const mask = process.umask(0o077)
  let child: ChildProcess
  try {
    child = spawn(program, [join(folder, 'redis.conf')], {
      detached: true,
      cwd: folder,
      env: cleanEnvironment(),
      stdio: ['ignore', log, log],
    })
  } finally {
    process.umask(mask)
    closeSync(log)
  }
  child.once('error', () => undefined)
  const { pid } = child
  if (pid === undefined) throw new BurlaError('CLUSTER_START_FAILED', `${program} could not be run.`)
  reaper?.watch(pid)
  let gone = false
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      gone = true
      killGroup(pid)
      reaper?.forget(pid)
      resolve()
    })
  })
  return { pid, exited, hasExited: () => gone, signal: (signal) => gone || killGroup(pid, signal) }
}

async function untilReady(
  running: Running,
  address: { path: string; password: string },
  folder: string,
): Promise<void> {
  let giveUpAt = Date.now() + readyWithinMs
  const redis = { address: { path: address.path }, password: address.password }
  for (;;) {
    try {
      await askRedis(redis, [['PING']])
      return await checkRedis(redis)
    } catch (error) {
      const refused = error instanceof BurlaError
      // As long as it says that it is reading its data it gets on, however much that is.
      if ((error as Error).message.startsWith('LOADING')) giveUpAt = Date.now() + readyWithinMs
      if (!refused && !running.hasExited() && Date.now() < giveUpAt) {
        await delay(existsSync(address.path) ? 2 : 5)
        continue
      }
      running.signal('SIGKILL')
      await running.exited
      if (refused) throw error
      const lines = redisLastLines(folder)
      const why = dataFault(lines, folder) ?? 'Redis could not be started.'
      throw new BurlaError('CLUSTER_START_FAILED', `${why} Its last lines:\n${lines.join('\n')}`, { cause: error })
    }
  }
}
