import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { clientGoneMs, jobKeys, newJobId, type JobId } from '@burla/protocol'
import { until } from '@burla/testkit'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { functionBytes, sha256, someSpec, token, useApi } from '../fixtures/use-api.ts'

const api = useApi()
const clientGraceMs = 10 * clientGoneMs
let port: number
const agents: http.Agent[] = []

beforeAll(async () => {
  await api.server.listen({ host: '127.0.0.1', port: 0 })
  port = (api.server.server.address() as AddressInfo).port
})
beforeEach(() => api.ask('PUT', `/v1/functions/${sha256(functionBytes)}`, functionBytes))
afterAll(() => {
  for (const agent of agents) agent.destroy()
})

/** A client with one connection, which ends with it. */
function client() {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  agents.push(agent)
  return {
    end: () => agent.destroy(),
    async post(path: string, body: object): Promise<unknown> {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
      const request = http.request({ port, host: '127.0.0.1', path, method: 'POST', agent, headers })
      request.end(JSON.stringify(body))
      const [response] = (await once(request, 'response')) as [http.IncomingMessage]
      return JSON.parse(Buffer.concat(await response.toArray()).toString()) as unknown
    },
  }
}

async function made(by: ReturnType<typeof client>): Promise<JobId> {
  const spec = someSpec({ clientGraceMs })
  await by.post('/v1/jobs', spec)
  return spec.id
}

const waitsFor = (id: JobId) => api.redis.pttl(jobKeys(id).client)

test('P10 a heartbeat renews the time of the jobs that wait for their client, and names those that do not', async () => {
  const one = client()
  const [id, done, strange] = [await made(one), await made(one), newJobId('strange')]
  await api.ask('DELETE', `/v1/jobs/${done}`)
  for (const jobId of [id, done]) await api.redis.pexpire(jobKeys(jobId).client, 1_000)
  expect(await one.post('/v1/heartbeat', { jobs: [id, done, strange] })).toEqual({ unknown: [done, strange] })
  expect(await waitsFor(id)).toBeGreaterThan(clientGoneMs)
  expect(await waitsFor(done)).toBeLessThanOrEqual(1_000)
  expect(await api.redis.exists(jobKeys(strange).client, jobKeys(strange).record)).toBe(0)
})

test('P10 a client that was known and ends is waited for 60 s; when it comes back, as before', async () => {
  const one = client()
  const id = await made(one)
  expect(await waitsFor(id)).toBeGreaterThan(clientGoneMs)
  one.end()
  await until('its end is known', () => api.redis.hexists(jobKeys(id).record, 'clientGoneAt'))
  expect(clientGoneMs).toBe(60_000)
  expect(await waitsFor(id)).toBeLessThanOrEqual(clientGoneMs)
  expect(await waitsFor(id)).toBeGreaterThan(clientGoneMs / 2)
  await client().post('/v1/heartbeat', { jobs: [id] })
  expect(await waitsFor(id)).toBeGreaterThan(clientGoneMs)
  expect(await api.redis.hexists(jobKeys(id).record, 'clientGoneAt')).toBe(0)
})

test('P10 a heartbeat is heard also when Redis is full', async () => {
  const id = await made(client())
  await api.redis.pexpire(jobKeys(id).client, 1_000)
  await api.redis.config('SET', 'maxmemory', '1mb')
  const reply = await api.ask('POST', '/v1/heartbeat', { jobs: [id] })
  await api.redis.config('SET', 'maxmemory', '0')
  expect(reply).toEqual({ status: 200, body: { unknown: [] } })
  expect(await waitsFor(id)).toBeGreaterThan(clientGoneMs)
})

test('a heartbeat for what is no job is refused', async () => {
  expect(await api.ask('POST', '/v1/heartbeat', { jobs: ['a}b'] })).toMatchObject({
    status: 400,
    body: { error: { code: 'OPTION_INVALID', message: 'body.jobs[0] must be a job id' } },
  })
})
