/** P7: a node whose runners cannot be used. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  connectRedis,
  createJob,
  jobCredentials,
  listNodes,
  openJob,
  readJob,
  startKeeper,
  type Redis,
} from '@burla/queue'
import type { JobId, JobState } from '@burla/protocol'
import { someJob, until, useRedis } from '@burla/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runAgent } from './agent.ts'
import { processHost } from './hosts/process-host.ts'

const server = useRedis()
const clusterKey = 'key'
let redis: Redis
let stop: AbortController
let folder: string
let agent: Promise<void> | undefined
beforeEach(() => {
  redis = connectRedis({ address: server.address, password: server.password, name: 'test' })
  stop = new AbortController()
  folder = mkdtempSync(join(tmpdir(), 'burla-test-'))
})
afterEach(async () => {
  stop.abort()
  await agent
  redis.disconnect()
  rmSync(folder, { recursive: true })
})

function startNode(entry: string): void {
  const { signal } = stop
  const say = () => undefined
  const config = { nodeId: 'node-1', cpus: 1, memoryGiB: 1, provider: 'process', clusterKey }
  agent = runAgent(
    { ...config, redis: server.address, redisPassword: server.password, api: { socketPath: '' } },
    { host: processHost({ entry, folder, sharedDir: folder }), signal, onUp: say, say },
  )
  void startKeeper({ redis, clusterKey, signal, say, hopelessForMs: 2_000 })
}

async function makeJob(): Promise<JobId> {
  const job = someJob({ known: 1 })
  await createJob(redis, clusterKey, job)
  const connection = openJob(jobCredentials(clusterKey, job.id, server.address))
  await connection.push([{ index: 0, bytes: Buffer.from('0') }])
  await connection.close()
  return job.id
}

const untilIs = (jobId: JobId, state: JobState) =>
  until(`the job is ${state}`, async () => {
    const job = await readJob(redis, jobId)
    return job?.state === state && job
  })

test('a job fails, with the reason, when no node can start a runner, and the node says so', async () => {
  startNode(join(folder, 'missing.mjs'))
  const jobId = await makeJob()
  const { reason } = await untilIs(jobId, 'failed')
  expect(reason).toMatch(/^no runner can be started on node node-1: .*missing\.mjs/)
  expect(reason).not.toContain('\n')
  const [node] = await listNodes(redis)
  expect(reason).toContain(node!.fault!.slice(0, 20))
})

test('a node that can start runners again takes jobs again', async () => {
  const entry = join(folder, 'runner.mjs')
  startNode(entry)
  const jobId = await makeJob()
  await until('the node has a fault', async () => (await listNodes(redis))[0]?.fault)
  const main = new URL('fixtures/dying-runner.ts', import.meta.url)
  writeFileSync(entry, `import ${JSON.stringify(main.pathname)}`)
  await until('the fault is gone', async () => (await listNodes(redis))[0]?.fault === null)
  const { reason } = await untilIs(jobId, 'failed')
  expect(reason).toMatch(
    /^3 runners in a row ended on node node-1 before they could serve it, the last one with .*3: no disk/,
  )
})
