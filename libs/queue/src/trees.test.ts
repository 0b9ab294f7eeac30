import { callId, deepestJob, jobKeys, type JobId } from '@burla/protocol'
import { useRedis } from '@burla/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  append,
  begin,
  cancelJob,
  claim,
  retireJob,
  connectRedis,
  createJob,
  endWithCall,
  isBelow,
  jobOfToken,
  jobToken,
  listJobsBelow,
  loseRunner,
  readJob,
  readWork,
  release,
  retry,
  viewJob,
  type Redis,
} from './index.ts'
import { asJob, clusterKey, makeJob, result, spec } from './test-job.ts'

const server = useRedis()
let redis: Redis
beforeEach(() => {
  redis = connectRedis({ address: server.address, password: server.password, name: 'test' })
})
afterEach(() => redis.disconnect())

/** Input 0 of the job runs for the first time on the runner `r`. */
async function running(jobId: JobId): Promise<void> {
  await begin(redis, jobId, 'r', [{ index: 0, run: 1 }])
}

/** A job that was started inside a call of `jobId`, an hour ago. */
async function childOf(jobId: JobId, run = 1): Promise<JobId> {
  const child = await makeJob(redis, 1, {}, { parent: { jobId, input: 0, call: callId('r', run) } })
  await redis.hset(jobKeys(child).record, 'createdAt', Date.now() - 3_600_000)
  return child
}

async function keep(jobId: JobId): Promise<string | undefined> {
  const view = await viewJob(redis, jobId)
  if (view?.record.parent) await endWithCall(redis, view, view.record.parent)
  return (await readJob(redis, jobId))?.state
}

test('a job that was started inside a call has the packages of the job above', async () => {
  const parent = await makeJob(redis, 1, {}, { layer: 'a'.repeat(64) })
  await running(parent)
  const child = await childOf(parent)
  expect((await readWork(redis, child))?.layer).toBe('a'.repeat(64))
  expect((await readWork(redis, await makeJob(redis, 1)))?.layer).toBeNull()
})

describe('TR1 a job that was started inside a call', () => {
  test('goes on while the call runs', async () => {
    const parent = await makeJob(redis, 2)
    await running(parent)
    expect(await keep(await childOf(parent))).toBe('waiting')
  })

  test.each<[string, (parent: JobId) => Promise<unknown>]>([
    ['has its result', (parent) => append(redis, parent, { runnerId: 'r', number: 1, entries: [result(0)] })],
    [
      'failed and is tried again',
      (parent) => retry(redis, parent, { runnerId: 'r', index: 0, value: '', attempts: 1, delayMs: 0 }),
    ],
    ['runs anew on the same runner', (parent) => begin(redis, parent, 'r', [{ index: 0, run: 2 }])],
    ['runs anew on another runner', (parent) => begin(redis, parent, 'other', [{ index: 0, run: 1 }])],
    ['was lost with its runner', (parent) => loseRunner(redis, parent, 'r')],
    ['is ended with its job', (parent) => cancelJob(redis, parent, { outcome: 'failed', reason: 'why' })],
    ['is gone with all that is known of its job', (parent) => redis.del(jobKeys(parent).record)],
  ])('is cancelled when the call %s', async (_, end) => {
    const parent = await makeJob(redis, 2)
    await running(parent)
    const child = await childOf(parent)
    await end(parent)
    expect(await keep(child)).toBe('cancelled')
    expect((await readJob(redis, child))?.reason).toContain(`job ${parent}, in which it was started,`)
  })

  test('is not judged before the note that the call has begun may have arrived', async () => {
    const parent = await makeJob(redis, 2)
    const young = await makeJob(redis, 1, {}, { parent: { jobId: parent, input: 0, call: callId('r', 1) } })
    expect(await keep(young)).toBe('waiting')
    expect(await keep(await childOf(parent))).toBe('cancelled')
  })

  test('P8 and has finished leaves nothing behind when the call is over', async () => {
    const parent = await makeJob(redis, 2)
    await running(parent)
    const child = await childOf(parent)
    await redis.hset(jobKeys(child).record, 'state', 'completed')
    expect(await keep(child)).toBe('completed')
    expect(await redis.call('ACL', 'GETUSER', `job-${child}`)).not.toBeNull()
    await loseRunner(redis, parent, 'r')
    await keep(child)
    expect(await redis.call('ACL', 'GETUSER', `job-${child}`)).toBeNull()
  })

  test('is cancelled at once with the jobs above it, at any depth', async () => {
    const top = await makeJob(redis, 2)
    const middle = await childOf(top)
    const bottom = await childOf(middle)
    await claim(redis, bottom, { nodeId: 'n', state: 'active', slots: 1, runnerId: 'x', claimedAt: 0 })
    await cancelJob(redis, top, { outcome: 'cancelled', reason: 'why' })
    const states = await Promise.all([middle, bottom].map(async (id) => (await readJob(redis, id))?.state))
    expect(states).toEqual(['cancelled', 'cancelling'])
  })

  test('is not made when its parent is over, nor without an end inside each other', async () => {
    const over = await makeJob(redis, 2)
    await cancelJob(redis, over, { outcome: 'cancelled', reason: 'why' })
    const within = (jobId: JobId) => spec(1, {}, { parent: { jobId, input: 0, call: 'r:1' } })
    expect(await createJob(redis, clusterKey, within(over))).toBe('parent over')
    let deepest = await makeJob(redis, 1)
    for (let depth = 1; depth <= deepestJob; depth++) deepest = await childOf(deepest)
    expect((await viewJob(redis, deepest))?.record.depth).toBe(deepestJob)
    expect(await createJob(redis, clusterKey, within(deepest))).toBe('too deep')
  })
})

test('P9 what is below a job is found by its place, which the users of jobs cannot change', async () => {
  const [top, other] = [await makeJob(redis, 2), await makeJob(redis, 2)]
  const middle = await childOf(top)
  const bottom = await childOf(middle)
  expect(await Promise.all([middle, bottom, top, other].map((id) => isBelow(redis, id, top)))).toEqual([
    true,
    true,
    false,
    false,
  ])
  expect((await listJobsBelow(redis, top, { limit: 9 })).map(({ id }) => id).toSorted()).toEqual(
    [middle, bottom].toSorted(),
  )
  expect(await viewJob(redis, bottom)).toMatchObject({ record: { treeId: top, depth: 2 } })

  const user = asJob(server.address, middle)
  expect(JSON.parse((await user.get(`burla:v1:place:${middle}`)) ?? '')).toMatchObject({ treeId: top })
  await expect(user.set(`burla:v1:place:${middle}`, '{}')).rejects.toThrow('NOPERM')
  await expect(user.get(`burla:v1:place:${other}`)).rejects.toThrow('NOPERM')
  await expect(user.sadd(`burla:v1:children:${middle}`, other)).rejects.toThrow('NOPERM')
  user.disconnect()
})

test('P3 the node time of jobs that are cleaned up stays with their tree', async () => {
  const top = await makeJob(redis, 2)
  const bottom = await childOf(await childOf(top))
  await claim(redis, bottom, { nodeId: 'n', state: 'active', slots: 1, runnerId: 'x', claimedAt: 0 })
  await release(redis, bottom, 'n', 700)
  await retireJob(redis, bottom)
  expect((await viewJob(redis, top))?.record).toMatchObject({ nodeMs: 0, nodeMsBelow: 700 })
})

test('P9 a token is of one job of one cluster', async () => {
  const jobId = await makeJob(redis, 1)
  const token = jobToken(clusterKey, jobId)
  expect(jobOfToken(clusterKey, token)).toBe(jobId)
  expect(jobOfToken('another key', token)).toBeUndefined()
  expect(jobOfToken(clusterKey, token.replace(jobId, await makeJob(redis, 1)))).toBeUndefined()
  for (const wrong of ['', 'job', 'job..', `job.${jobId}.`, `${token}x`]) {
    expect(jobOfToken(clusterKey, wrong)).toBeUndefined()
  }
})
