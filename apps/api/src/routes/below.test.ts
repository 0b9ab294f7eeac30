/** P9 What a function may ask of the api with the token of its job: jobs below it, and nothing else. */
import { randomBytes } from 'node:crypto'
import { largestShippedBytes, type JobId, type JobSpec } from '@burla/protocol'
import { cancelJob, countShipped, jobToken } from '@burla/queue'
import { beforeEach, expect, test } from 'vitest'
import { clusterKey, functionBytes, sha256, someSpec, useApi, type Reply } from '../fixtures/use-api.ts'

const api = useApi()
let own: JobId
let sibling: JobId
let child: JobId

beforeEach(async () => {
  await api.ask('PUT', `/v1/functions/${sha256(functionBytes)}`, functionBytes)
  own = await made({})
  sibling = await made({})
  child = await madeIn(own)
})

async function madeIn(jobId: JobId): Promise<JobId> {
  const spec = childSpec(jobId)
  expect((await askAs(jobId, 'POST', '/v1/jobs', spec)).status).toBe(201)
  return spec.id
}

async function made(changes: Partial<JobSpec>): Promise<JobId> {
  const spec = someSpec(changes)
  expect((await api.ask('POST', '/v1/jobs', spec)).status).toBe(201)
  return spec.id
}

const childSpec = (jobId: JobId) => someSpec({ parent: { jobId, input: 0, call: 'r:1' } })

async function askAs(
  jobId: JobId,
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE',
  url: string,
  body?: object | Buffer,
): Promise<Reply> {
  const headers = {
    authorization: `Bearer ${jobToken(clusterKey, jobId)}`,
    ...(Buffer.isBuffer(body) ? { 'content-type': 'application/octet-stream' } : {}),
  }
  const reply = await api.server.inject({ method, url, headers, ...(body === undefined ? {} : { payload: body }) })
  return { status: reply.statusCode, body: reply.body === '' ? '' : reply.json() }
}

const end = { outcome: 'cancelled', reason: 'why' }

test('a function makes, lists, reads and ends the jobs below its own, at any depth', async () => {
  const grandchild = await madeIn(child)
  const { body } = await askAs(own, 'GET', '/v1/jobs')
  expect((body as { jobs: { id: string }[] }).jobs.map(({ id }) => id).toSorted()).toEqual(
    [child, grandchild].toSorted(),
  )
  expect(await askAs(own, 'GET', `/v1/jobs/${grandchild}`)).toMatchObject({ body: { parentId: child } })
  expect((await askAs(own, 'POST', `/v1/jobs/${grandchild}/cancel`, end)).status).toBe(204)
  expect((await askAs(own, 'DELETE', `/v1/jobs/${child}`)).status).toBe(204)
})

test.each([
  ['GET', (id: JobId) => `/v1/jobs/${id}`, undefined],
  ['POST', (id: JobId) => `/v1/jobs/${id}/cancel`, end],
  ['DELETE', (id: JobId) => `/v1/jobs/${id}`, undefined],
] as const)(
  'for a function that asks to %s a job that is not below its own, there is no such job',
  async (method, url, body) => {
    for (const other of [own, sibling]) {
      expect(await askAs(own, method, url(other), body)).toMatchObject({
        status: 404,
        body: { error: { code: 'JOB_UNKNOWN' } },
      })
    }
    expect((await askAs(child, method, url(own), body)).status).toBe(404)
  },
)

test.each([
  ['GET', '/v1/nodes'],
  ['GET', '/'],
  ['GET', '/docs'],
  ['GET', '/queues'],
  ['GET', '/queues/api/queues'],
  ['GET', '/v1/jobs/doubling-0123456789/lines'],
  ['POST', '/v1/session/codes'],
  ['GET', '/v1/nothing-here'],
] as const)('%s %s is not for functions', async (method, url) => {
  expect(await askAs(own, method, url)).toMatchObject({ status: 403, body: { error: { code: 'FORBIDDEN' } } })
})

test('a job is made below the job of the token, and below no other', async () => {
  const spec = (changes: Partial<JobSpec>) => someSpec(changes)
  const parent = { jobId: sibling, input: 0, call: 'r:1' }
  expect((await askAs(own, 'POST', '/v1/jobs', spec({ parent }))).status).toBe(403)
  expect((await askAs(own, 'POST', '/v1/jobs', spec({}))).status).toBe(403)
  expect((await api.ask('POST', '/v1/jobs', spec({ parent }))).status).toBe(403)
  const submitted = spec({ kind: 'submitted', parent: { ...parent, jobId: own } })
  expect(await askAs(own, 'POST', '/v1/jobs', submitted)).toMatchObject({ body: { error: { code: 'NOT_SUPPORTED' } } })
})

test('the token of a job that is over opens nothing', async () => {
  await cancelJob(api.redis, own, { outcome: 'cancelled', reason: 'why' })
  expect(await askAs(own, 'GET', '/v1/jobs')).toMatchObject({ status: 401, body: { error: { code: 'UNAUTHORIZED' } } })
  const unknown = someSpec().id
  expect((await askAs(unknown, 'GET', '/v1/jobs')).status).toBe(401)
})

test('the functions that calls of a job ship are bounded', async () => {
  const bytes = randomBytes(1000)
  const put = () => askAs(own, 'PUT', `/v1/functions/${sha256(bytes)}`, bytes)
  expect((await put()).status).toBe(204)
  await countShipped(api.redis, own, largestShippedBytes - 2000)
  expect((await put()).status).toBe(204)
  expect(await put()).toMatchObject({ status: 413, body: { error: { code: 'FUNCTION_TOO_BIG' } } })
})
