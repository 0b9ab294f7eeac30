import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { askRedis, startRedis, type RedisProcess, type RedisReply } from '@burla/local-cluster'
import { isAlive, startReaper, type Reaper } from '@burla/processes'
import { afterAll, beforeAll, beforeEach } from 'vitest'

export interface TestRedis {
  readonly address: { path: string }
  /** of the default user */
  readonly password: string
  /** to kill and restart it */
  readonly process: RedisProcess
  /** Sends one command as the default user. */
  ask(...command: string[]): Promise<RedisReply>
}

/**
 * A real Redis for this test file, on a Unix socket in a folder of its own. Before each test it is started again if a
 * test has killed it, and emptied: all keys, all users but the default one.
 */
export function useRedis(options: { aof?: boolean; maxmemory?: string } = {}): TestRedis {
  let redis: RedisProcess | undefined
  let reaper: Reaper | undefined
  let folder: string | undefined
  const running = (): RedisProcess => {
    if (redis === undefined) throw new Error('useRedis(): Redis runs from beforeAll to afterAll of the test file')
    return redis
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'burla-test-'))
    reaper = startReaper()
    redis = await startRedis({ aof: false, ...options, folder, reaper })
  })
  afterAll(async () => {
    await redis?.kill()
    reaper?.close()
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  })
  beforeEach(async () => {
    const { pid } = running()
    if (!isAlive(pid)) await running().restart()
    const [users] = await askRedis(running(), [['ACL', 'USERS'], ['FLUSHALL']])
    const others = (users as string[]).filter((user) => user !== 'default')
    if (others.length > 0)
      await askRedis(running(), [
        ['ACL', 'DELUSER', ...others],
        ['ACL', 'SAVE'],
      ])
  })

  return {
    get address() {
      return running().address
    },
    get password() {
      return running().password
    },
    get process() {
      return running()
    },
    async ask(...command) {
      return (await askRedis(running(), [command]))[0] ?? null
    },
  }
}
