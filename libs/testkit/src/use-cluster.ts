import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startLocalCluster, type LocalCluster, type LocalClusterOptions } from '@burla/local-cluster'
import { afterAll, beforeAll, expect } from 'vitest'
import { familyOf, leftoversAfter } from './leftovers.ts'

export interface TestCluster extends Pick<LocalCluster, 'api' | 'token' | 'redis' | 'folder' | 'pids'> {
  /** what its functions see as `shared/` */
  readonly sharedDir: string
}

/**
 * A local cluster for this test file. It is started before the first test and stopped after the last, and then must
 * have left nothing.
 */
export function useCluster(options: Omit<LocalClusterOptions, 'sharedDir'> = {}): TestCluster {
  let cluster: LocalCluster | undefined
  let own = ''
  const running = (): LocalCluster => {
    if (cluster === undefined)
      throw new Error('useCluster(): the cluster runs from beforeAll to afterAll of the test file')
    return cluster
  }

  beforeAll(async () => {
    own = mkdtempSync(join(tmpdir(), 'burla-test-'))
    cluster = await startLocalCluster({ cpusPerNode: 1, ...options, sharedDir: join(own, 'shared') })
  })
  afterAll(async () => {
    const { folder, pids, stop } = running()
    const family = familyOf(pids.supervisor)
    await stop()
    rmSync(own, { recursive: true })
    expect(await leftoversAfter(10_000, { folder, family })).toEqual([])
  })

  return {
    get api() {
      return running().api
    },
    get token() {
      return running().token
    },
    get redis() {
      return running().redis
    },
    get folder() {
      return running().folder
    },
    get pids() {
      return running().pids
    },
    get sharedDir() {
      return join(own, 'shared')
    },
  }
}
