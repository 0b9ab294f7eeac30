import type { JobCredentials, JobSpec, JobStatus } from '@burla/protocol'
import { announce, connectRedis, retireJob } from '@burla/queue'
import { beforeEach, expect, test } from 'vitest'
import { functionBytes, sha256, someSpec, useApi } from '../fixtures/use-api.ts'

const api = useApi()

beforeEach(async () => {
  await api.ask('PUT', `/v1/functions/${sha256(functionBytes)}`, functionBytes)
})

async function makeJob(changes: Partial<JobSpec>): Promise<string> {
  const spec = someSpec(changes)
  expect(await api.ask('POST', '/v1/jobs', spec)).toMatchObject({ status: 201 })
  return spec.id
}

const ask = (jobId: string) => api.ask('POST', `/v1/jobs/${jobId}/credentials`)

test('gives the user of a submitted job, while it runs and while its results are kept', async () => {
  const jobId = await makeJob({ kind: 'submitted' })
  const first = await ask(jobId)
  expect(first.status).toBe(200)
  await announce(api.redis, jobId, { known: 0, ended: true })
  await retireJob(api.redis, jobId)
  expect(await ask(jobId)).toEqual(first)
  const { credentials } = first.body as { credentials: JobCredentials }
  const { username, password, redis: address } = credentials
  const own = connectRedis({ address, username, password, name: 'reader' })
  expect(await own.hget(`burla:v1:{${jobId}}:record`, 'state')).toBe('completed')
  own.disconnect()
})

test('says until when results were kept, also when nobody has removed them yet', async () => {
  const jobId = await makeJob({ kind: 'submitted', retentionMs: 0 })
  await announce(api.redis, jobId, { known: 0, ended: true })
  const { finishedAt } = (await api.ask('GET', `/v1/jobs/${jobId}`)).body as JobStatus
  const until = new Date(finishedAt ?? 0).toISOString()
  const message = `the results of job ${jobId} were kept until ${until}; submit it again, with a larger retentionMs`
  expect(await ask(jobId)).toEqual({ status: 410, body: { error: { code: 'RESULTS_EXPIRED', message } } })
  await retireJob(api.redis, jobId)
  expect(await ask(jobId)).toMatchObject({ status: 410, body: { error: { message } } })
})

test('keeps the results of an attached job for the program that started it', async () => {
  const jobId = await makeJob({ kind: 'attached' })
  expect(await ask(jobId)).toMatchObject({
    status: 409,
    body: { error: { code: 'JOB_ATTACHED', message: expect.stringContaining('only those of burla.submit are kept') } },
  })
})

test.each(['doubling-0123456789', 'a}b'])('knows no job %s', async (id) => {
  expect(await ask(encodeURIComponent(id))).toMatchObject({ status: 404, body: { error: { code: 'JOB_UNKNOWN' } } })
})
