import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import { kill9 } from './faults.ts'
import { leftovers } from './leftovers.ts'
import { until } from './until.ts'
import { useRedis } from './use-redis.ts'

let folder = ''

describe('useRedis', () => {
  const redis = useRedis()

  test('gives a real Redis', async () => {
    await redis.ask('SET', 'key', 'value')
    await redis.ask('ACL', 'SETUSER', 'somebody', 'on', 'nopass')
    expect(await redis.ask('GET', 'key')).toBe('value')
  })

  test('that is empty for each test', async () => {
    expect(await redis.ask('DBSIZE')).toBe(0)
    expect(await redis.ask('ACL', 'USERS')).toEqual(['default'])
    kill9(redis.process.pid)
    await redis.process.exited
  })

  test('also after a test that killed it, and is seen by leftovers()', async () => {
    expect(await redis.ask('PING')).toBe('PONG')
    folder = dirname(redis.address.path)
    expect(leftovers({ folder })).toEqual([
      expect.stringMatching(/^process \d+: .*redis-server/),
      expect.stringMatching(/^folder .*redis.sock/),
    ])
  })
})

test('P8 useRedis leaves nothing', () => {
  expect(folder).not.toBe('')
  expect(leftovers({ folder })).toEqual([])
})

describe('until', () => {
  test('resolves with what was found', async () => {
    let count = 0
    expect(await until('it counts to three', () => ++count === 3 && count)).toBe(3)
  })
  test('says what was seen when it gives up', async () => {
    const look = () => {
      throw new Error('two apples')
    }
    await expect(until('there are three apples', look, { timeoutMs: 1 })).rejects.toThrow(
      /^gave up after 1 ms waiting until there are three apples; last seen: two apples$/,
    )
  })
})
