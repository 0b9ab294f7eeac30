/** P7: a submitted job that cannot go on says why in its state, in its error and in the list of jobs. */
import { burla, type BurlaError, type SubmittedJob } from 'burla'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { askRedis, type RedisReply } from '@burla/local-cluster'
import { until } from '@burla/testkit'
import { expect, test } from 'vitest'
import { useStaying } from './use-staying.ts'

const staying = useStaying({ nodes: 1, cpusPerNode: 1 })

const redisSays = async (...command: string[]): Promise<RedisReply | undefined> =>
  (await askRedis(staying.cluster.redis, [command]))[0]

/** A job that waits for the node, which serves another one until the reply is called. */
async function waitingJob(): Promise<{ job: SubmittedJob<number>; functionKey: string; begin: () => Promise<void> }> {
  const blocker = await burla.submit(async () => {
    const { existsSync, writeFileSync: write } = process.getBuiltinModule('node:fs')
    write('shared/blocks', '')
    while (!existsSync('shared/go')) await new Promise((resolve) => setTimeout(resolve, 20))
  }, [1])
  await until('the node is busy', () => staying.sharedLines('blocks').length > 0)
  const job = await burla.submit((n: number) => n * 2, [1, 2])
  const digest = await redisSays('HGET', `burla:v1:{${job.id}}:record`, 'functionDigest')
  const begin = async () => {
    writeFileSync(join(staying.cluster.sharedDir, 'go'), '')
    await blocker.results()
  }
  return { job, functionKey: `burla:v1:fn:${String(digest)}`, begin }
}

async function expectEnded(job: SubmittedJob, state: 'failed' | 'cancelled', reason: RegExp): Promise<void> {
  const error = (await job.settled().catch((thrown: unknown) => thrown)) as BurlaError
  expect(error.code).toBe(state === 'failed' ? 'JOB_FAILED' : 'JOB_CANCELLED')
  expect(error.message).toMatch(reason)
  await until('it is over for good', async () => (await job.status()).nodes === 0)
  const status = await job.status()
  expect(status).toMatchObject({ state, reason: expect.stringMatching(reason) })
  expect((await burla.jobs({ limit: 1, state }))[0]).toEqual(status)
}

test('its function is gone from the cluster', async () => {
  const { job, functionKey, begin } = await waitingJob()
  expect(await redisSays('DEL', functionKey)).toBe(1)
  await begin()
  await expectEnded(job, 'failed', /the function of job .* is no longer in Redis; run the job again$/)
})

test('its function cannot be restored: then that is the error of each input', async () => {
  const { job, functionKey, begin } = await waitingJob()
  await redisSays('SET', functionKey, 'no function at all')
  await begin()
  const settled = await job.settled()
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(settled[1]).toMatchObject({ reason: { name: 'SyntaxError', inputIndex: 1 } })
})

test('more CPUs than there are, when it is submitted', async () => {
  await expect(burla.submit((n: number) => n, [1], { cpus: 99 })).rejects.toMatchObject({
    code: 'NO_CAPACITY',
    message: expect.stringContaining('the largest node has 1'),
  })
})

test('an image, where nodes run functions in processes', async () => {
  await expect(burla.submit((n: number) => n, [1], { image: 'node:24-slim' })).rejects.toMatchObject({
    code: 'NO_CAPACITY',
    message: expect.stringContaining(
      'the image node:24-slim was asked for, and the nodes run functions in processes, without images',
    ),
  })
})

test('more CPUs than there are any more: it says so while it waits', async () => {
  const { job, begin } = await waitingJob()
  const record = `burla:v1:{${job.id}}:record`
  const call = JSON.parse(String(await redisSays('HGET', record, 'call'))) as object
  await redisSays('HSET', record, 'call', JSON.stringify({ ...call, cpus: 99 }))
  await begin()
  const { state } = await until('it says why it waits', async () => {
    const status = await job.status()
    return status.reason === 'a call needs 99 CPUs, and the largest node has 1' && status
  })
  expect(state).toBe('waiting')
  await job.cancel()
  await expectEnded(job, 'cancelled', /cancelled with job\.cancel\(\)$/)
})
