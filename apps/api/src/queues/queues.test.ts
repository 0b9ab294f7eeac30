import { createRequire } from 'node:module'
import type { JobCredentials } from '@burla/protocol'
import { cancelJob, openJob, type JobConnection } from '@burla/queue'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { functionBytes, sha256, someSpec, useApi } from '../fixtures/use-api.ts'

const api = useApi()
const jobs: JobConnection[] = []
beforeEach(async () => {
  await api.ask('PUT', `/v1/functions/${sha256(functionBytes)}`, functionBytes)
})
afterEach(async () => {
  await Promise.all(jobs.splice(0).map((job) => job.close()))
})

/** A job with these inputs in its queue. */
async function makeJob(...inputs: Buffer[]): Promise<string> {
  const spec = someSpec()
  const { credentials } = (await api.ask('POST', '/v1/jobs', spec)).body as { credentials: JobCredentials }
  const job = openJob(credentials)
  jobs.push(job)
  await job.push(inputs.map((bytes, index) => ({ index, bytes })))
  return spec.id
}

interface ShownQueue {
  name: string
  readOnlyMode: boolean
  counts: { waiting: number }
  jobs: { data: Record<string, string> }[]
}

async function queues(query = ''): Promise<ShownQueue[]> {
  const { status, body } = await api.ask('GET', `/queues/api/queues?page=1&jobsPerPage=10${query}`)
  expect(status).toBe(200)
  return (body as { queues: ShownQueue[] }).queues
}

const names = async () => (await queues()).map(({ name }) => name).sort()
const loaded = () => Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes('bull-board'))
const connections = async () => String(await api.testRedis.ask('CLIENT', 'LIST')).match(/name=api-queues/g)?.length ?? 0

test('Bull Board costs nothing until somebody looks', async () => {
  await makeJob()
  expect(loaded()).toEqual([])
  expect(await connections()).toBe(0)
  await queues()
  expect(loaded()).not.toEqual([])
  expect(await connections()).toBe(1)
})

test('there is one queue per live job, named by it and read-only, and it goes with the job', async () => {
  const [first, second] = [await makeJob(Buffer.from('1')), await makeJob(Buffer.from('1'), Buffer.from('2'))]
  const shown = await queues()
  expect(shown.map(({ name }) => name).sort()).toEqual([first, second].sort())
  expect(shown.find(({ name }) => name === second)).toMatchObject({ readOnlyMode: true, counts: { waiting: 2 } })
  await cancelJob(api.redis, first, { outcome: 'cancelled', reason: 'enough' })
  expect(await names()).toEqual([second])
})

test('jobs that come and go leave no connection behind', async () => {
  for (let n = 0; n < 20; n++) {
    const id = await makeJob()
    expect(await names()).toContain(id)
    await cancelJob(api.redis, id, { outcome: 'cancelled', reason: 'enough' })
  }
  expect(await names()).toEqual([])
  expect(await connections()).toBe(1)
})

test('the queue of a job that is over is closed', async () => {
  const { createLiveQueues } = await import('./live-queues.ts')
  const listeners = () => ['ready', 'error', 'close', 'end'].map((event) => api.redis.listenerCount(event))
  const before = listeners()
  const live = createLiveQueues(api.redis)
  const id = await makeJob()
  await live.look()
  expect(live.adapters).toHaveLength(1)
  expect(listeners()).not.toEqual(before)
  await cancelJob(api.redis, id, { outcome: 'cancelled', reason: 'enough' })
  await live.look()
  expect(live.adapters).toEqual([])
  expect(listeners()).toEqual(before)
})

test('inputs are shown by index and size, and large ones do not make the page heavy', async () => {
  const id = await makeJob(Buffer.from('\u0001{"n":1}'), Buffer.from('y'.repeat(10_000)), Buffer.alloc(3_000_000))
  const shown = await queues(`&activeQueue=${id}&status=waiting`)
  const data = shown[0]?.jobs.map((job) => job.data)
  expect(data).toContainEqual({ 0: '8 bytes: {"n":1}' })
  expect(data).toContainEqual({ 1: `10,000 bytes: ${'y'.repeat(200)}…` })
  expect(data).toContainEqual({ 2: '3,000,000 bytes' })
  expect(JSON.stringify(shown).length).toBeLessThan(5_000)
})

test('the page finds all its files, takes none from elsewhere, and P9 none of it is had without the token', async () => {
  const page = await api.server.inject({
    method: 'GET',
    url: '/queues',
    headers: { authorization: 'Bearer the-token', accept: 'text/html' },
  })
  expect(page.statusCode).toBe(200)
  expect(page.headers['content-security-policy']).toContain("default-src 'self'")
  expect(page.body).not.toContain('<%')
  const base = /<base href="([^"]+)"/.exec(page.body)?.[1] ?? ''
  const files = [...page.body.matchAll(/(?:src|href)="(static\/[^"]+)"/g)].map(([, path]) => base + path)
  expect(files.length).toBeGreaterThan(4)
  for (const url of [...files, '/queues/static/locales/en-US/messages.json']) {
    expect([url, (await api.ask('GET', url)).status]).toEqual([url, 200])
    expect([url, (await api.server.inject({ method: 'GET', url })).statusCode]).toEqual([url, 401])
  }
  for (const url of ['/queues', '/queues/', '/queues/api/queues', '/queues/queue/x']) {
    expect([url, (await api.server.inject({ method: 'GET', url })).statusCode]).toEqual([url, 401])
  }
})

test('P9 it changes nothing, also for who has the token, and leads to no other file', async () => {
  const id = await makeJob(Buffer.from('1'))
  for (const [method, path] of [
    ['PUT', `/api/queues/${id}/pause`],
    ['PUT', `/api/queues/${id}/empty`],
    ['POST', `/api/queues/${id}/add`],
    ['PUT', `/api/queues/${id}/i0/clean`],
  ] as const) {
    expect((await api.ask(method, `/queues${path}`)).status).toBe(404)
  }
  expect((await queues()).find(({ name }) => name === id)?.counts.waiting).toBe(1)
  for (const path of ['..%2f..%2fpackage.json', '../../package.json', 'js']) {
    expect((await api.ask('GET', `/queues/static/${path}`)).status).toBe(404)
  }
})
