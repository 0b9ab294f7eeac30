import { readFileSync, statSync } from 'node:fs'
import { clusterKeys, jobKeys, type JobSpec, type JobStatus, type NodeRecord } from '@burla/protocol'
import { someCall, until, useRedis } from '@burla/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  announce,
  append,
  claim,
  connectRedis,
  jobCredentials,
  listNodes,
  openJob,
  readJob,
  sayAlive,
  startKeeper,
  viewLiveJobs,
  type Redis,
} from './index.ts'
import { asJob, clusterKey, makeJob, result } from './test-job.ts'

const server = useRedis({ aof: true })
let redis: Redis
let stop: AbortController
beforeEach(() => {
  redis = connectRedis({ address: server.address, password: server.password, name: 'test' })
  stop = new AbortController()
})
afterEach(() => {
  stop.abort()
  redis.disconnect()
})

const keep = (hopelessForMs = 60_000, nodesSince = 0) =>
  void startKeeper({
    redis,
    clusterKey,
    signal: stop.signal,
    hopelessForMs,
    nodesSince,
    judgeAfterMs: 0,
    say: () => undefined,
  })
const make = (more: Partial<JobSpec>, known = 1) => makeJob(redis, known, more.call, more)
const submitted = { kind: 'submitted' } as const

const expectJob = (jobId: string, what: string, look: (status: JobStatus) => boolean) =>
  until(`the job ${what}`, async () => {
    const status = await readJob(redis, jobId)
    return status && look(status) && status
  })

async function push(jobId: string): Promise<void> {
  const job = openJob(jobCredentials(clusterKey, jobId, server.address))
  await job.push([{ index: 0, bytes: Buffer.from('0') }])
  await job.close()
}

const node: NodeRecord = {
  ...{
    id: 'n1',
    state: 'idle',
    cpus: 2,
    memoryGiB: 1,
    containers: false,
    jobId: null,
    running: 0,
    fault: null,
    warm: true,
  },
  ...{ rehearsalId: null, provider: 'process', startedAt: 0 },
}

test('P10 a submitted job needs its client until all its inputs are stored, and is cancelled with that reason', async () => {
  const jobId = await make(submitted)
  await redis.del(jobKeys(jobId).client)
  keep()
  const { reason } = await expectJob(jobId, 'is cancelled', ({ state }) => state === 'cancelled')
  expect(reason).toBe('its client is gone: nothing was heard of it for 60 s, before all its inputs were stored')
})

test('P10 a submitted job needs no client after that', async () => {
  const [jobId, other] = [await make(submitted), await make({})]
  await announce(redis, jobId, { known: 1, ended: true })
  for (const id of [jobId, other]) await redis.del(jobKeys(id).client)
  keep()
  await expectJob(other, 'that needs one is cancelled', ({ state }) => state === 'cancelled')
  expect((await readJob(redis, jobId))?.state).toBe('waiting')
})

test('P8 the results of a submitted job go when its retention ends, with its user, also from the file of users', async () => {
  const jobId = await make({ ...submitted, retentionMs: 100_000 })
  await append(redis, jobId, { runnerId: 'a', number: 1, entries: [result(0)] })
  await announce(redis, jobId, { known: 1, ended: true })
  const k = jobKeys(jobId)
  keep()
  await until('the job is retired', async () => (await viewLiveJobs(redis)).length === 0)
  expect(await redis.exists(k.results)).toBe(1)
  const retiredAt = Date.now()
  const [, file] = (await redis.config('GET', 'aclfile')) as [string, string]
  await until('users were saved since then', () => statSync(file).mtimeMs > retiredAt)
  expect(readFileSync(file, 'utf8')).toContain(jobId)
  // As if the time had passed.
  await redis.zadd(clusterKeys.keptJobs, Date.now(), jobId)
  await until('its results have gone', async () => (await redis.exists(k.results)) === 0)
  await until('and its user', async () => ((await redis.call('ACL', 'USERS')) as string[]).length === 1)
  expect(await redis.keys(`${k.prefix}:*`)).toEqual([k.record])
  await until('the file says so', () => !readFileSync(file, 'utf8').includes(jobId))
})

test('P8 a user whose results are kept is there again after a reconnection to a Redis that has forgotten it', async () => {
  const jobId = await make(submitted)
  await announce(redis, jobId, { known: 0, ended: true })
  keep()
  await until('the job is retired', async () => (await viewLiveJobs(redis)).length === 0)
  await redis.call('ACL', 'DELUSER', `job-${jobId}`)
  await redis.call('CLIENT', 'KILL', 'ID', String(await redis.client('ID')), 'SKIPME', 'no').catch(() => undefined)
  await until('the user is there', async () =>
    ((await redis.call('ACL', 'USERS')) as string[]).includes(`job-${jobId}`),
  )
  const own = asJob(server.address, jobId)
  expect(await own.hget(jobKeys(jobId).record, 'state')).toBe('completed')
  own.disconnect()
})

test('P8 a user of a job that is over goes when a Redis that was restarted knows it again; those of others stay', async () => {
  const jobId = await make({})
  await redis.call('ACL', 'SETUSER', 'job-over-0123456789', 'on', 'nopass')
  await redis.call('ACL', 'SETUSER', 'job-rehearsal-0123456789', 'on', 'nopass')
  await redis.call('ACL', 'SAVE')
  const [, file] = (await redis.config('GET', 'aclfile')) as [string, string]
  keep()
  await until('it is gone, also from the file', async () => {
    const users = (await redis.call('ACL', 'USERS')) as string[]
    return !users.includes('job-over-0123456789') && !readFileSync(file, 'utf8').includes('job-over')
  })
  const users = (await redis.call('ACL', 'USERS')) as string[]
  expect(users).toEqual(expect.arrayContaining([`job-${jobId}`, 'job-rehearsal-0123456789']))
})

test('P7 a job that no node can serve says why, and fails with that reason when it lasts', async () => {
  const jobId = await make({ call: { ...someCall, cpus: 4 } })
  await push(jobId)
  keep(2_000)
  await expectJob(jobId, 'says that it waits for nodes', ({ reason }) => reason === 'no node is there')
  await sayAlive(redis, node)
  const why = 'a call needs 4 CPUs, and the largest node has 2'
  await expectJob(jobId, 'says what it needs', ({ state, reason }) => state === 'waiting' && reason === why)
  await expectJob(jobId, 'fails', ({ state, reason }) => state === 'failed' && reason === why)
})

test('P7 a reason to wait is gone when a node comes that can serve the job', async () => {
  const jobId = await make({ call: { ...someCall, cpus: 4 } })
  await push(jobId)
  await sayAlive(redis, node)
  keep(60_000)
  await expectJob(jobId, 'says what it needs', ({ reason }) => reason !== null)
  await sayAlive(redis, { ...node, id: 'n2', cpus: 4 })
  await expectJob(jobId, 'has no reason to wait', ({ reason }) => reason === null)
})

test('P2 what nodes of an earlier start had claimed goes back at once, and only that', async () => {
  const now = Date.now()
  const claimed = { state: 'active', slots: 1, runnerId: null } as const
  const [earlier, later] = [await make({}), await make({})]
  await claim(redis, earlier, { ...claimed, nodeId: 'n1', claimedAt: now - 10 })
  await claim(redis, later, { ...claimed, nodeId: 'n2', claimedAt: now + 10 })
  await sayAlive(redis, { ...node, startedAt: now - 10 })
  await sayAlive(redis, { ...node, id: 'n2', startedAt: now + 10 })
  keep(60_000, now)
  await expectJob(earlier, 'has no node', ({ nodes }) => nodes === 0)
  expect((await readJob(redis, later))?.nodes).toBe(1)
  expect((await listNodes(redis)).map(({ id }) => id)).toEqual(['n2'])
})
