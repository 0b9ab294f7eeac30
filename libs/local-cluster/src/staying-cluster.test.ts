import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { familyOf, kill9, leftoversAfter, until, type SeenProcess } from '@burla/testkit'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { dataFolder, discoverCluster } from './discovery.ts'
import { fixtureEntries } from './fixtures/entries.ts'
import { askRedis } from './redis/ask-redis.ts'
import type { LocalClusterPids } from './start-supervisor.ts'
import { startStayingCluster, type StayingCluster } from './staying-cluster.ts'

// Data and private folders are in here, so that a look shows what is left.
let own = ''
const started: StayingCluster[] = []
const programs: ChildProcess[] = []
beforeEach(() => {
  own = mkdtempSync(join(tmpdir(), 'burla-test-'))
  for (const name of ['data', 'tmp']) mkdirSync(join(own, name))
  vi.stubEnv('XDG_DATA_HOME', join(own, 'data'))
  vi.stubEnv('TMPDIR', join(own, 'tmp'))
})
afterEach(async () => {
  await Promise.all(started.splice(0).map((cluster) => cluster.stop()))
  for (const program of programs.splice(0)) program.kill('SIGKILL')
  await until('nothing of the programs is left', () => readdirSync(join(own, 'tmp')).length === 0)
  vi.unstubAllEnvs()
  rmSync(own, { recursive: true })
})

async function start(port = 0): Promise<StayingCluster> {
  const cluster = await startStayingCluster({ port, cpusPerNode: 1, entries: fixtureEntries })
  started.push(cluster)
  return cluster
}

interface Said {
  error?: string
  url: string
  folder: string
  pids: LocalClusterPids
}

/** In a process of its own: what it said, and all processes of it. */
async function startProgram(): Promise<Said & { program: ChildProcess; family: SeenProcess[] }> {
  const entry = new URL('fixtures/staying-program.ts', import.meta.url).pathname
  const program = spawn(process.execPath, [entry], { stdio: ['ignore', 'pipe', 'inherit'] })
  programs.push(program)
  const [line] = (await once(program.stdout.setEncoding('utf8'), 'data')) as [string]
  const said = JSON.parse(line) as Said
  return { ...said, program, family: familyOf(program.pid ?? 0) }
}

const data = () => dataFolder()
/** The names of what the next start finds. */
const kept = () => readdirSync(data().cluster).sort()
const ask = async (cluster: Pick<StayingCluster, 'redis'>, ...command: string[]) =>
  (await askRedis(cluster.redis, [command]))[0]

describe('a cluster that stays', () => {
  test('is found by programs of this user while it is up, and by none after', async () => {
    expect(discoverCluster()).toBeUndefined()
    const cluster = await start()
    expect(discoverCluster()).toMatchObject({ url: cluster.api.url, token: cluster.token })
    expect(new URL(cluster.api.url).hostname).toBe('127.0.0.1')
    expect(await (await fetch(cluster.api.url)).json()).toMatchObject({ redis: cluster.redis.address })
    await cluster.stop()
    expect(discoverCluster()).toBeUndefined()
    expect(existsSync(data().discovery)).toBe(false)
    expect(kept()).toEqual(['format', 'log', 'owner.1', 'redis', 'redis-password', 'shared', 'token'])
  })

  test('P9 keeps what it has to itself: files 0600 in folders 0700, no secret in an argument, environment or log', async () => {
    const { token, redis, pids } = await start()
    expect(statSync(data().path).mode & 0o777).toBe(0o700)
    for (const path of globSync(join(data().path, '**'))) {
      const stat = statSync(path, { throwIfNoEntry: false })
      if (!path.includes('/cluster/run')) expect([path, (stat?.mode ?? 0) & 0o077]).toEqual([path, 0])
    }
    const texts = familyOf(pids.supervisor).flatMap(({ pid }) => [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`])
    for (const path of [...texts, ...globSync(join(data().path, '**/*.{log,conf,acl}'))]) {
      const text = readFileSync(path, 'utf8')
      expect([token, redis.password].filter((secret) => text.includes(secret))).toEqual([])
    }
  })

  test('is there once: a second start is refused, and of two at once one wins', async () => {
    const [one, other] = await Promise.all([startProgram(), startProgram()])
    const [winner, loser] = one.error ? [other, one] : [one, other]
    expect(loser.error).toMatch(/^A cluster of this user is on this machine already \(process \d+, data in /)
    expect(discoverCluster()?.url).toBe(winner.url)
    await expect(start()).rejects.toMatchObject({ code: 'CLUSTER_CONFLICT' })
    expect(discoverCluster()?.url).toBe(winner.url)
  })

  test('is another one for another data folder', async () => {
    const first = await start()
    vi.stubEnv('XDG_DATA_HOME', join(own, 'data/other'))
    expect(discoverCluster()).toBeUndefined()
    const second = await start()
    expect(discoverCluster()?.url).toBe(second.api.url)
    expect(second.token).not.toBe(first.token)
  })

  test('goes on after a restart: the same token, keys and users of Redis, at the same address of Redis', async () => {
    const first = await start()
    await ask(first, 'SET', 'key', 'value')
    await ask(first, 'ACL', 'SETUSER', 'job', 'on')
    await ask(first, 'ACL', 'SAVE')
    await first.stop()
    const second = await start()
    expect(second).toMatchObject({ token: first.token, redis: first.redis })
    expect(await ask(second, 'GET', 'key')).toBe('value')
    expect(await ask(second, 'ACL', 'USERS')).toEqual(['default', 'job'])
  })

  test('P7 says which port is taken, and leaves the folder to others', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    try {
      await expect(start(port)).rejects.toMatchObject({
        code: 'CLUSTER_CONFLICT',
        message: `Port ${port} is used by another program; choose another one with --port.`,
      })
    } finally {
      server.close()
    }
    await start(port)
  })
})

describe('P8 nothing but the data is left within 10 s after kill -9', () => {
  const leftAfter10s = (folder: string, family: SeenProcess[]) => leftoversAfter(10_000, { folder, family })

  test('of the program, and the next start goes on at once', async () => {
    const { program, folder, family } = await startProgram()
    await ask({ redis: await redisOfData() }, 'SET', 'key', 'value')
    program.kill('SIGKILL')
    const next = await start()
    expect(await ask(next, 'GET', 'key')).toBe('value')
    expect(await leftAfter10s(folder, family)).toEqual([])
    expect(discoverCluster()?.url).toBe(next.api.url)
  })

  test('of the supervisor, and the next start goes on at once', async () => {
    const { pids, folder, family } = await startProgram()
    await ask({ redis: await redisOfData() }, 'SET', 'key', 'value')
    kill9(pids.supervisor)
    await until('it is not found any more', () => discoverCluster() === undefined)
    const next = await start()
    expect(await ask(next, 'GET', 'key')).toBe('value')
    expect(await leftAfter10s(folder, family)).toEqual([])
    expect(discoverCluster()?.url).toBe(next.api.url)
    await next.stop()
    expect(existsSync(data().discovery)).toBe(false)
  })

  test('of the supervisor and its reaper: the Redis that nobody owns is ended by the next start', async () => {
    const { pids, family } = await startProgram()
    const orphan = pids.redis ?? 0
    await ask({ redis: await redisOfData() }, 'SET', 'key', 'value')
    const [reaper] = familyOf(pids.supervisor).filter(({ command }) => command.includes('burla-reaper'))
    for (const pid of [pids.supervisor, reaper?.pid ?? 0]) kill9(pid)
    await until('it is not found any more', () => discoverCluster() === undefined)
    expect(existsSync(data().discovery)).toBe(true)
    const next = await start()
    expect(await ask(next, 'GET', 'key')).toBe('value')
    expect(await leftoversAfter(10_000, { family: family.filter(({ pid }) => pid === orphan) })).toEqual([])
    // Its private folder has nobody left to remove it.
    for (const name of readdirSync(join(own, 'tmp'))) {
      if (join(own, 'tmp', name) !== next.folder) rmSync(join(own, 'tmp', name), { recursive: true })
    }
  })

  async function redisOfData(): Promise<StayingCluster['redis']> {
    const password = readFileSync(data().redisPassword, 'utf8').trim()
    return { address: { path: join(data().run, 'redis.sock') }, password }
  }
})

describe('P7 data that cannot be used:', () => {
  const aof = (kind: string) => globSync(join(data().redis, `appendonlydir/*.${kind}`))[0] ?? ''

  beforeEach(async () => {
    const cluster = await start()
    for (const key of ['first', 'second']) await ask(cluster, 'SET', key, 'x'.repeat(1000))
    await cluster.stop()
    started.pop()
  })

  test('a torn end of the append-only file is cut off, and what is before it is there', async () => {
    truncateSync(aof('incr.aof'), statSync(aof('incr.aof')).size - 500)
    const cluster = await start()
    expect(await ask(cluster, 'EXISTS', 'first')).toBe(1)
    expect(await ask(cluster, 'EXISTS', 'second')).toBe(0)
  })

  test('one that is damaged in the middle is named, and what can be done', async () => {
    const bytes = readFileSync(aof('incr.aof'))
    const middle = bytes.indexOf('first')
    writeFileSync(aof('incr.aof'), Buffer.concat([bytes.subarray(0, middle - 4), bytes.subarray(middle)]))
    await expect(start()).rejects.toThrow(
      /^The data in .*\/cluster\/redis is damaged\. `redis-check-aof --fix` .* move the folder away/,
    )
  })

  test('one of a newer Redis is named', async () => {
    const bytes = readFileSync(aof('base.rdb'))
    writeFileSync(aof('base.rdb'), Buffer.concat([Buffer.from('REDIS0099'), bytes.subarray(9)]))
    await expect(start()).rejects.toThrow(/was written by a newer Redis than this one \(its format is 99\)/)
  })

  test('one of another version of Burla is named', async () => {
    writeFileSync(data().format, '2\n')
    await expect(start()).rejects.toThrow(/was written by another version of Burla \(format 2, this one has 1\)/)
  })

  test('users that cannot be read are made anew', async () => {
    appendFileSync(join(data().redis, 'users.acl'), 'half a lin')
    expect(await ask(await start(), 'ACL', 'USERS')).toEqual(['default'])
  })

  test('a folder that cannot be made, or is too deep for a socket, is named', async () => {
    vi.stubEnv('XDG_DATA_HOME', '/dev/null')
    await expect(start()).rejects.toThrow('The data folder /dev/null/burla cannot be used (ENOTDIR')
    vi.stubEnv('XDG_DATA_HOME', join(own, 'x'.repeat(60)))
    await expect(start()).rejects.toThrow(/\/burla is \d+ bytes too long for the sockets in it; set XDG_DATA_HOME/)
  })
})
