/** A cluster that stays, as `burla dashboard` starts it, with data of its own: for this test file and its programs. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StayingCluster, StayingClusterOptions } from '@burla/local-cluster'
import { familyOf, leftoversAfter } from '@burla/testkit'
import { startStaying } from 'burla/internal'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'

export interface TestStaying {
  readonly cluster: StayingCluster
  /** for programs that shall find the same cluster */
  readonly env: Record<string, string>
  /** The lines of a file in its `shared/`, in order; none while it is not there. */
  sharedLines(name: string): string[]
}

/** Each test begins with an empty `shared/`. The test's own process finds the cluster as any program does. */
export function useStaying(options: Omit<StayingClusterOptions, 'port'> = {}): TestStaying {
  const own = mkdtempSync(join(tmpdir(), 'burla-test-'))
  const env = { XDG_DATA_HOME: join(own, 'data') }
  let cluster: StayingCluster | undefined
  const running = (): StayingCluster => {
    if (!cluster) throw new Error('useStaying(): the cluster runs from beforeAll to afterAll of the test file')
    return cluster
  }

  beforeAll(async () => {
    Object.assign(process.env, env)
    cluster = await startStaying({ port: 0, nodes: 1, cpusPerNode: 2, ...options })
  })
  beforeEach(() => {
    for (const name of readdirSync(running().sharedDir)) rmSync(join(running().sharedDir, name), { recursive: true })
  })
  afterAll(async () => {
    const { folder, pids, stop } = running()
    const family = familyOf(pids.supervisor)
    await stop()
    rmSync(own, { recursive: true })
    expect(await leftoversAfter(10_000, { folder, family })).toEqual([])
  })

  return {
    get cluster() {
      return running()
    },
    env,
    sharedLines(name) {
      try {
        return readFileSync(join(running().sharedDir, name), 'utf8').trimEnd().split('\n')
      } catch {
        return [] // not there yet
      }
    },
  }
}
