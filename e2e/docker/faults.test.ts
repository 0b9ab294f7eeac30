/**
 * Losing parts of a cluster in containers, by the hand of the engine and past it: whatever is lost, the caller has exactly
 * the right results (P1), what did not run on the lost part runs once (P2), and nothing is left (P8).
 */
import { burla } from 'burla'
import { docker, dockerLines, labelled, until } from '@burla/testkit'
import { beforeEach, expect, test } from 'vitest'
import { recordExecutions, recorded, type Execution, type ExecutionLog } from '../executions.ts'
import { doubles, expectStarts, inputs, recovery, repeat } from '../losing.ts'
import { useCompose } from './use-compose.ts'

const cluster = useCompose({ nodes: 2, cpusPerNode: 1, sharedFolder: true })

/** Each test finds two nodes that wait for work, and no runner but the warm one of each. */
beforeEach(async () => {
  await cluster.compose('up', '-d', '--wait', '--no-build', '--scale', 'node=2')
  await until('two nodes are there, each with its warm runner', nodesAreReady, { timeoutMs: 60_000, everyMs: 200 })
})

async function nodesAreReady(): Promise<boolean> {
  const nodes = (await burla.nodes()).filter(({ state }) => state !== 'lost')
  expect(nodes.map(({ state, warm }) => ({ state, warm }))).toEqual(repeat2({ state: 'idle', warm: true }))
  const made = (await labelled(`burla.cluster=${cluster.project}`)).map((line) => line.split(' ')[0])
  // P8 of nodes that were lost nothing is left.
  expect(made.toSorted((a, b) => (a ?? '').localeCompare(b ?? ''))).toEqual(
    ['container', 'network', 'volume'].flatMap(repeat2),
  )
  return true
}

const image = 'node:24-bookworm-slim'
const repeat2 = <T>(value: T): T[] => [value, value]

/** Past the engine: as the kernel does it to a process, and as a crash looks. */
async function kill9(container: string): Promise<void> {
  const pid = await docker('inspect', '-f', '{{.State.Pid}}', container)
  await docker(
    'run',
    '--rm',
    '--pid',
    'host',
    '--network',
    'none',
    image,
    'node',
    '-e',
    `process.kill(${pid}, 'SIGKILL')`,
  )
}

const agentOf = async ({ host }: Execution) => docker('inspect', '-f', '{{index .Config.Labels "burla.agent"}}', host)
const nodeNetwork = ({ nodeId }: Execution) => `burla-${nodeId}`
const isGone = async (container: string) => (await dockerLines('ps', '-q', '--filter', `id=${container}`)).length === 0

/** A job of recorded calls in full swing on both nodes; its longest call is where the fault will be. */
async function startJob(log: ExecutionLog, times: number[]) {
  const results = burla.map(recorded, inputs(log, times), { batch: 1 })
  results.catch(() => undefined)
  const victim = await until('both nodes run, one of them the longest call', () => {
    const nodes = new Set(log.all().map(({ nodeId }) => nodeId)).size
    return nodes === 2 && log.running().find(({ index }) => times[index] === Math.max(...times))
  })
  return { results, victim, count: times.length, faultAt: Date.now() }
}

const swift = [...repeat(4, 300), 2_500, ...repeat(6, 300)]

/** The fault hit what ran on one node, perhaps a moment after it was chosen. */
async function expectOneLost(log: ExecutionLog, job: Awaited<ReturnType<typeof startJob>>) {
  expect(await job.results).toEqual(doubles(job.count))
  const victims = log.running()
  expect(victims.map(({ nodeId }) => nodeId)).toEqual([job.victim.nodeId])
  expectStarts(log, job.count, victims)
  recovery(log, job.faultAt, victims)
}

test.each([
  ['kill -9 of the main process of a runner', ({ host }: Execution) => kill9(host)],
  ['docker kill of a runner', ({ host }: Execution) => docker('kill', host)],
])('P2 %s: its input runs again, the rest once', async (_, harm) => {
  using log = recordExecutions(cluster.sharedDir)
  const job = await startJob(log, swift)
  await harm(job.victim)
  await expectOneLost(log, job)
  expect(await isGone(job.victim.host)).toBe(true)
})

test.each([
  ['kill -9 of the main process of an agent', kill9],
  ['docker kill of a node', (agent: string) => docker('kill', agent)],
])('P2 %s: its runner ends by itself, and the other node takes over', async (_, harm) => {
  using log = recordExecutions(cluster.sharedDir)
  const job = await startJob(log, swift)
  await harm(await agentOf(job.victim))
  await until('its runners are gone', () => isGone(job.victim.host))
  await expectOneLost(log, job)
})

test('P1 kill -9 of the api in the middle of a job: nothing runs twice', async () => {
  using log = recordExecutions(cluster.sharedDir)
  const job = await startJob(log, swift)
  const [api = ''] = await cluster.containers('api')
  await kill9(api)
  expect(await job.results).toEqual(doubles(job.count))
  expectStarts(log, job.count, [])
})

test('P1 kill -9 of Redis in the middle of a job: it comes back with its data, and nothing runs twice', async () => {
  using log = recordExecutions(cluster.sharedDir)
  const job = await startJob(log, swift)
  const [redis = ''] = await cluster.containers('redis')
  await kill9(redis)
  expect(await job.results).toEqual(doubles(job.count))
  expectStarts(log, job.count, [])
})

test('P2 a paused agent loses its claim: its runner ends, its input runs elsewhere; when it wakes it serves the next job', async () => {
  using log = recordExecutions(cluster.sharedDir)
  const job = await startJob(log, [...repeat(4, 300), 20_000, ...repeat(6, 300)])
  const agent = await agentOf(job.victim)
  await docker('pause', agent)
  await until('its input runs elsewhere', () => log.starts().get(job.victim.index) === 2, { timeoutMs: 60_000 })
  await until('its runner has ended by itself', () => isGone(job.victim.host))
  await docker('unpause', agent)
  await expectOneLost(log, job)
})

test('P2 a node that is cut off from Redis loses its claim and ends its runner; when the network is back it serves again', async () => {
  using log = recordExecutions(cluster.sharedDir)
  const job = await startJob(log, [...repeat(4, 300), 20_000, ...repeat(6, 300)])
  const agent = await agentOf(job.victim)
  const [redis = ''] = await cluster.containers('redis')
  await docker('network', 'disconnect', `${cluster.project}_default`, agent)
  await docker('network', 'disconnect', nodeNetwork(job.victim), redis)
  await until('its input runs elsewhere', () => log.starts().get(job.victim.index) === 2, { timeoutMs: 60_000 })
  await until('its runner has ended by itself', () => isGone(job.victim.host))
  await docker('network', 'connect', `${cluster.project}_default`, agent)
  await expectOneLost(log, job)
})

test('the nodes that were lost serve again', async () => {
  using log = recordExecutions(cluster.sharedDir)
  expect(await burla.map(recorded, inputs(log, repeat(8, 300)), { batch: 1 })).toEqual(doubles(8))
  expect(new Set(log.all().map(({ nodeId }) => nodeId)).size).toBe(2)
})
