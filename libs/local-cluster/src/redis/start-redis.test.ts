import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAlive } from '@burla/processes'
import { afterEach, expect, test } from 'vitest'
import { askRedis } from './ask-redis.ts'
import { reasonToRefuse } from './check-redis.ts'
import { startRedis, type RedisOptions, type RedisProcess } from './start-redis.ts'

const started: RedisProcess[] = []
const folders: string[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((redis) => redis.kill()))
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'burla-test-'))
  folders.push(folder)
  return folder
}

async function start(options: Partial<RedisOptions> = {}): Promise<RedisProcess> {
  const redis = await startRedis({ folder: newFolder(), aof: true, ...options })
  started.push(redis)
  return redis
}

test('P9 Redis listens on its socket only, and only with the password', async () => {
  const redis = await start()
  expect(
    await askRedis(redis, [
      ['CONFIG', 'GET', 'port'],
      ['ACL', 'WHOAMI'],
    ]),
  ).toEqual([['port', '0'], 'default'])
  await expect(askRedis({ ...redis, password: 'wrong' }, [['PING']])).rejects.toThrow('WRONGPASS')
  expect(statSync(redis.address.path).mode & 0o777).toBe(0o700)
  expect(statSync(join(folders[0] as string, 'users.acl')).mode & 0o777).toBe(0o600)
})

test('P1 data and users survive kill -9 and a restart', async () => {
  const redis = await start()
  const { pid } = redis
  await askRedis(redis, [
    ['SET', 'key', 'välue'],
    ['ACL', 'SETUSER', 'job', 'on', '>secret', '+@all', '~*'],
    ['ACL', 'SAVE'],
  ])
  await redis.kill()
  expect(isAlive(pid)).toBe(false)
  await redis.restart()
  expect(redis.pid).not.toBe(pid)
  expect(
    await askRedis(redis, [
      ['GET', 'key'],
      ['ACL', 'USERS'],
      ['GET', 'none'],
    ]),
  ).toEqual(['välue', ['default', 'job'], null])
})

test('a Redis with maxmemory refuses writes when it is full and evicts nothing', async () => {
  const redis = await start({ aof: false, maxmemory: '2mb' })
  await askRedis(redis, [['SET', 'first', 'x']])
  await expect(
    askRedis(redis, [
      ['SET', 'big', 'x'.repeat(3_000_000)],
      ['SET', 'next', 'x'],
    ]),
  ).rejects.toThrow('OOM')
  expect(await askRedis(redis, [['GET', 'first']])).toEqual(['x'])
})

test('stop() ends it', async () => {
  const redis = await start()
  await redis.stop()
  expect(isAlive(redis.pid)).toBe(false)
})

test('a Redis that cannot start says why', async () => {
  const folder = newFolder()
  const program = join(folder, 'broken-redis')
  writeFileSync(program, '#!/bin/sh\necho bad luck\nexit 1\n', { mode: 0o755 })
  await expect(startRedis({ folder, aof: true, program })).rejects.toThrow(/could not be started.*\nbad luck$/)
  await expect(startRedis({ folder: `/${'x'.repeat(100)}`, aof: true, program })).rejects.toThrow(/over 100 bytes/)
})

test.each([
  ['redis_version:6.2.1\r\nmaxmemory_policy:noeviction', /version 6.2.1; Burla needs 7.0/],
  ['maxmemory_policy:noeviction', /version unknown/],
  ['redis_version:7.2.4\r\nmaxmemory_policy:allkeys-lru', /maxmemory-policy is allkeys-lru/],
])('a server that says %j is refused', (info, message) => {
  expect(reasonToRefuse(info)).toMatch(message)
})
