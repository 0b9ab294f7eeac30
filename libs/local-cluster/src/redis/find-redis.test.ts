import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { findRedis, parseRedisUrl } from './find-redis.ts'

const folder = mkdtempSync(join(tmpdir(), 'burla-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('BURLA_REDIS_URL comes before a program on the PATH, and nothing found is undefined', () => {
  const program = join(folder, 'valkey-server')
  writeFileSync(program, '')
  expect(findRedis({ PATH: folder })).toBeUndefined()
  chmodSync(program, 0o755)
  expect(findRedis({ PATH: `/nowhere:${folder}` })).toEqual({ type: 'program', path: program })
  expect(findRedis({ PATH: folder, BURLA_REDIS_URL: 'redis://:secret@redis.example:7000' })).toEqual({
    type: 'address',
    address: { host: 'redis.example', port: 7000 },
    password: 'secret',
  })
})

test.each([
  ['rediss://default:p%40ss@h', { address: { host: 'h', port: 6379, tls: true }, password: 'p@ss' }],
  ['unix:///run/redis.sock?password=secret', { address: { path: '/run/redis.sock' }, password: 'secret' }],
])('%s is understood', (url, expected) => {
  expect(parseRedisUrl(url)).toEqual(expected)
})

test.each([
  ['http://h', 'must look like redis://'],
  ['h:6379', 'must look like redis://'],
  ['redis://ann:secret@h', 'names the user "ann"'],
  ['redis://h', 'has no password'],
])('%s is refused: %s', (url, message) => {
  expect(() => parseRedisUrl(url)).toThrow(message)
})
