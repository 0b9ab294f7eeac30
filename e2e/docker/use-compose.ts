/** A cluster by `docker compose up`, for a test file: gone after its last test. */
import { rmSync } from 'node:fs'
import { useEngine } from '@burla/testkit'
import { afterAll, beforeAll } from 'vitest'
import { newCompose, up, type ComposeCluster, type ComposeOptions } from './compose-cluster.ts'

/** Programs of this process use the cluster, too: the environment says where it is. */
export function useCompose(options: ComposeOptions = {}): ComposeCluster {
  const engine = useEngine()
  let cluster: ComposeCluster | undefined
  const before: Record<string, string | undefined> = {}
  beforeAll(async () => {
    if (!engine.answers) return
    cluster = await newCompose(engine.newProject(), options)
    await up(cluster, options)
    for (const [name, value] of Object.entries(cluster.env)) {
      before[name] = process.env[name]
      process.env[name] = value
    }
  })
  afterAll(async () => {
    await cluster?.compose('down', '-v', '--timeout', '15')
    if (cluster?.sharedDir !== undefined) rmSync(cluster.sharedDir, { recursive: true })
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  })
  return new Proxy({} as ComposeCluster, {
    get(_, name) {
      if (cluster === undefined) throw new Error('useCompose(): the cluster is up from beforeAll to afterAll')
      return cluster[name as keyof ComposeCluster]
    },
  })
}
