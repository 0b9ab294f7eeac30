import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { encodeHeader, encodeLines, type JobId, type Line } from '@burla/protocol'
import { announce, append, encodeKeptFailure } from '@burla/queue'
import { until } from '@burla/testkit'
import { beforeEach, expect, test } from 'vitest'
import { createServer } from '../server.ts'
import { clusterKey, functionBytes, sha256, someSpec, token, useApi } from '../fixtures/use-api.ts'

const api = useApi()
let id: JobId
let batch = 0

beforeEach(async () => {
  await api.ask('PUT', `/v1/functions/${sha256(functionBytes)}`, functionBytes)
  const spec = someSpec({ known: 2 })
  id = spec.id
  await api.ask('POST', '/v1/jobs', spec)
})

async function store(status: 'ok' | 'error', index: number) {
  const header = encodeHeader({ type: 'result', index, status, attempts: 2, durationMs: 7, nodeId: 'n', slot: 0 })
  const note = status === 'ok' ? '' : encodeKeptFailure({ index, attempts: 2, name: 'RangeError', message: 'no' })
  await put([{ index, status, header, payload: Buffer.from('1'), note }])
}

async function print(...lines: Line[]) {
  const header = encodeHeader({ type: 'lines', nodeId: 'n' })
  await put([{ index: '', status: '', header, payload: encodeLines(lines), note: lines.length }])
}

const put = (entries: Parameters<typeof append>[2]['entries']) =>
  append(api.redis, id, { runnerId: 'r', number: ++batch, entries })
const line = (index: number, text: string): Line => ({ index, stream: 'stderr', text, run: 1 })
const at = expect.any(Number) as number

test('GET /v1/jobs/:id/inputs tells what became of each, of all or of those in one state', async () => {
  await store('ok', 0)
  await store('error', 1)
  const record = { attempts: 2, durationMs: 7, nodeId: 'n', startedAt: at, finishedAt: at }
  const [first, second] = [
    { index: 0, state: 'completed', ...record },
    { index: 1, state: 'failed', ...record },
  ]
  const url = `/v1/jobs/${id}/inputs`
  expect(await api.ask('GET', url)).toEqual({ status: 200, body: { inputs: [second, first], cut: 0 } })
  expect((await api.ask('GET', `${url}?state=completed`)).body).toEqual({ inputs: [first], cut: 0 })
  expect((await api.ask('GET', `${url}?limit=1`)).body).toEqual({ inputs: [second], cut: 0 })
})

test('GET /v1/jobs/:id/failures tells what failed, and how', async () => {
  await store('ok', 0)
  await store('error', 1)
  const failures = [{ index: 1, name: 'RangeError', message: 'no', attempts: 2, finishedAt: at }]
  expect(await api.ask('GET', `/v1/jobs/${id}/failures`)).toEqual({ status: 200, body: { failures, cut: 0 } })
})

test('GET /v1/jobs/:id/lines gives a JSON document per line', async () => {
  await print(line(0, 'a'), line(1, 'b'))
  const rows = [
    { index: 0, stream: 'stderr', text: 'a', run: 1, at },
    { index: 1, stream: 'stderr', text: 'b', run: 1, at },
  ]
  const read = async (query: string) =>
    String((await api.ask('GET', `/v1/jobs/${id}/lines${query}`)).body)
      .split('\n')
      .filter(Boolean)
      .map((text) => JSON.parse(text) as unknown)
  expect(await read('')).toEqual(rows)
  expect(await read('?input=1')).toEqual([rows[1]])
  expect(await read('?input=2')).toEqual([])
})

test.each([
  ['inputs?state=lost', 'querystring.state must be one of ["running","completed","failed"]'],
  ['inputs?limit=10001', 'querystring.limit must be <= 10000'],
  ['failures?limit=0', 'querystring.limit must be >= 1'],
  ['failures?state=failed', 'querystring.state does not exist'],
  ['lines?input=-1', 'querystring.input must be >= 0'],
  ['lines?follow=yes', 'querystring.follow must be boolean'],
])('%s is refused and the fault is named', async (path, message) => {
  expect(await api.ask('GET', `/v1/jobs/${id}/${path}`)).toEqual({
    status: 400,
    body: { error: { code: 'OPTION_INVALID', message } },
  })
})

test.each(['inputs', 'failures', 'lines'])('%s of a job that does not exist are refused', async (path) => {
  expect(await api.ask('GET', `/v1/jobs/doubling-0123456789/${path}`)).toMatchObject({
    status: 404,
    body: { error: { code: 'JOB_UNKNOWN' } },
  })
})

/** On a real socket: `inject` gives an answer as a whole only. `answerWithinMs` is far below what following takes. */
async function following() {
  const options = { redis: api.redis, redisAddress: api.testRedis.address, clusterKey, tokenHash: sha256(token) }
  const server = createServer({ ...options, answerWithinMs: 50 })
  await server.listen({ host: '127.0.0.1', port: 0 })
  const { port } = server.server.address() as AddressInfo
  const headers = { authorization: `Bearer ${token}` }
  const request = http.get({ port, headers, path: `/v1/jobs/${id}/lines?follow=true` })
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  let text = ''
  const ended = new Promise<string>((resolve) => {
    response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    response.once('close', () => resolve(text))
  })
  return { server, ended, text: () => text }
}

test('lines are followed until the job is over, however long a request may take otherwise', async () => {
  await announce(api.redis, id, { known: 2, ended: true })
  const { server, ended, text } = await following()
  await print(line(0, 'first'))
  await until('the first line is there', () => text().includes('first'))
  await store('ok', 0)
  await print(line(1, 'last'))
  await store('error', 1)
  expect((await ended).match(/first|last/g)).toEqual(['first', 'last'])
  await server.close()
})

test('P7 an api that ends does not wait for those who follow', async () => {
  const { server, ended } = await following()
  await server.close()
  expect(await ended).toBe('')
})
