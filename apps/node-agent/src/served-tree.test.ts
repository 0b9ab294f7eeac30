/** What a node says to the runner of a tree, and when the tree is released; with a runner that only listens. */
import { claim, connectRedis, createJob, readWork, viewJob, type Redis } from '@burla/queue'
import type { JobId, JobParent } from '@burla/protocol'
import { someJob, until, useRedis } from '@burla/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { HostedRunner, RunnerExit } from './hosts/runner-host.ts'
import { serveTree, type ServedTree } from './served-tree.ts'

const server = useRedis()
const clusterKey = 'key'
let redis: Redis
let runner: ReturnType<typeof listeningRunner>
let tree: ServedTree
beforeEach(() => {
  redis = connectRedis({ address: server.address, password: server.password, name: 'test' })
  runner = listeningRunner()
})
afterEach(async () => {
  await runner.hosted.kill()
  await tree.released
  redis.disconnect()
})

function listeningRunner() {
  const sent: Record<string, unknown>[] = []
  const exit: RunnerExit = { code: 0, signal: null, lastLines: [] }
  let tell: (message: Record<string, unknown>) => void = () => undefined
  let end: (how: RunnerExit) => void = () => undefined
  const exited = new Promise<RunnerExit>((resolve) => (end = resolve))
  const stop = () => {
    end(exit)
    return exited
  }
  const hosted: HostedRunner = {
    image: null,
    alive: true,
    exited,
    confine: () => Promise.resolve(),
    send: (message) => void sent.push(message as Record<string, unknown>),
    onMessage: (listener) => (tell = listener),
    stop,
    kill: stop,
  }
  const asked = (type: string) => sent.filter((message) => message['type'] === type).map(({ jobId }) => jobId)
  return { hosted, asked, tell: (message: Record<string, unknown>) => tell(message) }
}

async function serve(parent?: JobParent): Promise<JobId> {
  const job = someJob({ known: 1, ...(parent && { parent }) })
  await createJob(redis, clusterKey, job)
  const granted = { nodeId: 'n', state: 'active', slots: 1, runnerId: null, claimedAt: Date.now() } as const
  await claim(redis, job.id, granted)
  const [work, view] = await Promise.all([readWork(redis, job.id), viewJob(redis, job.id)])
  if (!work || !view) throw new Error('there is no such job')
  tree ??= serveTree({
    ...{ redis, clusterKey, address: server.address, api: { socketPath: '' }, cpus: 1, folder: '', sharedDir: '' },
    treeId: job.id,
    say: () => undefined,
    onChange: () => undefined,
    onReleased: () => Promise.resolve(),
  })
  tree.serve({ claim: granted, view, work, slots: 1, runner: runner.hosted })
  runner.tell({ type: 'serving', jobId: job.id, runnerId: `r-${job.id}` })
  return job.id
}

test('P3 ST2 draining begins with the jobs whose calls run elsewhere, and reaches those below when their calls have ended', async () => {
  const top = await serve()
  const below = await serve({ jobId: top, input: 0, call: `r-${top}:1` })
  const elsewhere = await serve({ jobId: top, input: 1, call: 'another:1' })
  tree.drain()
  expect(runner.asked('drain')).toEqual([top, elsewhere])
  runner.tell({ type: 'served', jobId: elsewhere, end: 'drained' })
  runner.tell({ type: 'served', jobId: top, end: 'drained' })
  await until('the one below is drained', () => runner.asked('drain').includes(below))
  expect(tree.open).toBe(true)
  runner.tell({ type: 'served', jobId: below, end: 'drained' })
  await tree.released
  expect(tree.open).toBe(false)
  for (const id of [top, below, elsewhere]) expect((await viewJob(redis, id))?.claims).toEqual([])
})
