import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { killGroup } from '@burla/processes'
import { familyOf, freeze, kill9, leftovers, leftoversAfter, until, type SeenProcess } from '@burla/testkit'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { fixtureEntries } from './fixtures/entries.ts'
import { startLocalCluster, type LocalCluster, type LocalClusterOptions } from './local-cluster.ts'
import { askRedis } from './redis/ask-redis.ts'
import { startRedis } from './redis/start-redis.ts'
import type { LocalClusterPids } from './start-supervisor.ts'

// Clusters make their folders in here, so that a look shows what is left.
let own = ''
const started: LocalCluster[] = []
beforeEach(() => {
  own = mkdtempSync(join(tmpdir(), 'burla-test-'))
  mkdirSync(join(own, 'tmp'))
})
afterEach(async () => {
  await Promise.all(started.splice(0).map((cluster) => cluster.stop()))
  rmSync(own, { recursive: true })
})

const options = ({ env, ...more }: LocalClusterOptions = {}): LocalClusterOptions => ({
  cpusPerNode: 1,
  sharedDir: join(own, 'burla-shared'),
  entries: fixtureEntries,
  env: { TMPDIR: join(own, 'tmp'), ...env },
  ...more,
})
async function start(more: LocalClusterOptions = {}): Promise<LocalCluster> {
  const cluster = await startLocalCluster(options(more))
  started.push(cluster)
  return cluster
}

/** What is left 10 s later at the latest; empty as soon as nothing is. */
async function leftAfter10s(folder: string, family: SeenProcess[]): Promise<string[]> {
  const left = await leftoversAfter(10_000, { folder, family })
  return [...left, ...readdirSync(own).filter((name) => name !== 'tmp')]
}

describe('a local cluster', () => {
  test('is an api, a Redis and nodes, in a private folder', async () => {
    const cluster = await start({ nodes: 2, maxmemory: '64mb' })
    expect(statSync(cluster.folder).mode & 0o777).toBe(0o700)
    expect(cluster.pids.agents).toHaveLength(2)
    expect(await ask(cluster)).toMatchObject({ redis: cluster.redis.address, redisPassword: cluster.redis.password })
    expect(await askRedis(cluster.redis, [['CONFIG', 'GET', 'maxmemory']])).toEqual([
      ['maxmemory', String(64 * 2 ** 20)],
    ])
    const config = nodeConfigs(cluster)[0]
    expect(config).toMatchObject({ cpus: 1, provider: 'process', sharedDir: join(own, 'burla-shared') })
  })

  test('P9 shows no secret in an argument, an environment or a log', async () => {
    const { pids, folder, token, redis } = await start()
    const texts = familyOf(pids.supervisor).flatMap(({ pid }) => [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`])
    for (const name of readdirSync(folder)) if (/\.(log|acl|conf)$/.test(name)) texts.push(join(folder, name))
    for (const path of texts) {
      const text = readFileSync(path, 'utf8')
      expect([token, redis.password].filter((secret) => text.includes(secret))).toEqual([])
    }
  })

  test('P8 leaves nothing after stop()', async () => {
    const { folder, pids, stop, ended } = await start({ nodes: 2 })
    const family = familyOf(pids.supervisor)
    expect(family.length).toBeGreaterThanOrEqual(8)
    await stop()
    expect(await ended).toBeUndefined()
    expect(await leftAfter10s(folder, family)).toEqual([])
  })

  test('removes the shared folder only when it is empty', async () => {
    const { folder, pids, stop } = await start({ env: { FIXTURE_AGENT: 'share' } })
    const family = familyOf(pids.supervisor)
    await stop()
    expect(readFileSync(join(own, 'burla-shared/output.txt'), 'utf8')).toBe('kept')
    rmSync(join(own, 'burla-shared'), { recursive: true })
    expect(await leftAfter10s(folder, family)).toEqual([])
  })

  test('removes the shared folder only when no other cluster uses it', async () => {
    const first = await start()
    const second = await start()
    await first.stop()
    expect(existsSync(join(own, 'burla-shared'))).toBe(true)
    await second.stop()
    expect(existsSync(join(own, 'burla-shared'))).toBe(false)
  })

  test('P7 that cannot start says why, with the last lines, and leaves nothing', async () => {
    const failing = start({ env: { FIXTURE_AGENT: 'fail' } })
    await expect(failing).rejects.toThrow(
      /^agent-1 ended with exit code 1 before it was ready\. Its last lines:\nagent of node-1-\w{4}\nError: no luck/,
    )
    expect([...readdirSync(own), ...readdirSync(join(own, 'tmp'))]).toEqual(['tmp'])
  })

  test('P7 without a place for the shared folder says so', async () => {
    const sharedDir = join(own, 'file/burla-shared')
    writeFileSync(join(own, 'file'), '')
    await expect(start({ sharedDir })).rejects.toThrow(
      /^The shared folder .*\/file\/burla-shared cannot be made \(ENOTDIR/,
    )
    expect(readdirSync(join(own, 'tmp'))).toEqual([])
  })

  test('uses the Redis of BURLA_REDIS_URL and leaves it running', async () => {
    const redis = await startRedis({ folder: own, aof: false })
    try {
      vi.stubEnv('BURLA_REDIS_URL', `unix://${redis.address.path}?password=${redis.password}`)
      const cluster = await start()
      expect(cluster.pids.redis).toBeUndefined()
      expect(await ask(cluster)).toMatchObject({ redis: redis.address, redisPassword: redis.password })
      await cluster.stop()
      expect(await askRedis(redis, [['PING']])).toEqual(['PONG'])
      await askRedis(redis, [['CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru']])
      await expect(start()).rejects.toMatchObject({ code: 'REDIS_REFUSED' })
    } finally {
      vi.unstubAllEnvs()
      await redis.kill()
    }
  })

  test('P7 with a part that dies again and again ends and says why', async () => {
    const { folder, pids, ended } = await start({ env: { FIXTURE_AGENT: 'die' } })
    const family = familyOf(pids.supervisor)
    expect((await ended)?.message).toMatch(
      /^The embedded cluster has ended: agent-1 died 6 times in a minute\. Its last lines:\nagent of node-1-/,
    )
    expect(await leftAfter10s(folder, family)).toEqual([])
  })
})

describe('P8 a part that is killed with -9 is started again:', () => {
  test('the api, on the same socket', async () => {
    const cluster = await start()
    const { api } = cluster.pids
    kill9(api)
    await until('there is another api', () => cluster.pids.api !== api)
    expect(await ask(cluster)).toMatchObject({ redisPassword: cluster.redis.password })
  })

  test('Redis, with its data and users', async () => {
    const cluster = await start()
    const { redis } = cluster.pids
    await askRedis(cluster.redis, [
      ['SET', 'key', 'value'],
      ['ACL', 'SETUSER', 'job', 'on'],
      ['ACL', 'SAVE'],
    ])
    kill9(redis as number)
    await until('there is another Redis', () => cluster.pids.redis !== redis)
    expect(
      await askRedis(cluster.redis, [
        ['GET', 'key'],
        ['ACL', 'USERS'],
      ]),
    ).toEqual(['value', ['default', 'job']])
  })

  test('an agent, as another node, and its own children are gone', async () => {
    const cluster = await start({ nodes: 2 })
    const [first, second] = cluster.pids.agents as [number, number]
    const family = familyOf(second)
    kill9(second)
    await until('there is another agent', () => cluster.pids.agents[1] !== second)
    expect(cluster.pids.agents[0]).toBe(first)
    expect(new Set(nodeConfigs(cluster).map(({ nodeId }) => nodeId)).size).toBe(3)
    await until('its children are gone', () => leftovers({ family }).length === 0)
  })
})

describe('P8 everything is gone within 10 s after', () => {
  test('kill -9 of the supervisor, and the program is told', async () => {
    const { folder, pids, ended } = await start({ nodes: 2 })
    const family = familyOf(pids.supervisor)
    kill9(pids.supervisor)
    expect((await ended)?.message).toMatch(/^The embedded cluster has ended: its supervisor ended with SIGKILL/)
    expect(await leftAfter10s(folder, family)).toEqual([])
  })

  test('kill -9 of the supervisor while an agent spins', async () => {
    const { folder, pids } = await start({ env: { FIXTURE_AGENT: 'stubborn' } })
    const family = familyOf(pids.supervisor)
    kill9(pids.supervisor)
    expect(await leftAfter10s(folder, family)).toEqual([])
  })

  test('stop(), while an agent spins', async () => {
    const { folder, pids, stop } = await start({ env: { FIXTURE_AGENT: 'stubborn' } })
    const family = familyOf(pids.supervisor)
    await stop()
    expect(await leftAfter10s(folder, family)).toEqual([])
  })

  test.each(['SIGKILL', 'SIGINT'] as const)("%s of the program's process group", async (signal) => {
    const { program, folder, family } = await startProgram()
    killGroup(program, signal)
    expect(await leftAfter10s(folder, family)).toEqual([])
  })

  test('kill -9 of the program while the supervisor is frozen', async () => {
    const { program, pids, folder, family } = await startProgram()
    freeze(pids.supervisor)
    killGroup(program)
    expect(await leftAfter10s(folder, family)).toEqual([])
  })

  test('the program ended by itself, which the cluster did not keep from it', async () => {
    const { folder, family, ended } = await startProgram('end')
    expect(await ended).toEqual([0, null])
    expect(await leftAfter10s(folder, family)).toEqual([])
  })
})

interface Program {
  program: number
  pids: LocalClusterPids
  folder: string
  family: SeenProcess[]
  ended: Promise<unknown[]>
}

async function startProgram(...args: string[]): Promise<Program> {
  const entry = new URL('fixtures/program.ts', import.meta.url).pathname
  const { sharedDir, env } = options()
  const child = spawn(process.execPath, [entry, JSON.stringify({ sharedDir, env }), ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  let text = ''
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) if ((text += chunk).includes('\n')) break
  const said = JSON.parse(text) as Omit<Program, 'family' | 'ended'>
  return { ...said, family: [...familyOf(said.program), ...familyOf(said.pids.supervisor)], ended }
}

function ask({ api }: LocalCluster): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath: api.socketPath, path: '/' }, (response) => {
      response.setEncoding('utf8').on('data', (text: string) => resolve(JSON.parse(text)))
    })
    asking.once('error', reject).end()
  })
}

function nodeConfigs({ folder }: LocalCluster): Record<string, unknown>[] {
  const names = readdirSync(folder).filter((name) => name.startsWith('node-'))
  return names.map(
    (name) => JSON.parse(readFileSync(join(folder, name, 'config.json'), 'utf8')) as Record<string, unknown>,
  )
}
