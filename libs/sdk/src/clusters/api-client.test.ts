import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { codecHeader, codecVersion } from '@burla/protocol'
import { someJob } from '@burla/testkit'
import { afterEach, expect, test } from 'vitest'
import { createApiClient } from './api-client.ts'
import { createCluster } from './cluster.ts'
import { whichCluster } from './which-cluster.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

async function listen(answer: (request: IncomingMessage, body: Buffer, response: ServerResponse) => void) {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => answer(request, Buffer.concat(chunks), response))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const error = (code: string, message: string) => JSON.stringify({ error: { code, message } })
const fn = {
  digest: 'd1',
  name: 'fn',
  bytes: Buffer.from('bytes of fn'),
  errorClasses: () => [],
  userStack: (stack: string) => stack,
  packages: () => [],
}
const spec = someJob({ functionDigest: 'd1' })

test('a function travels only when the cluster does not have it', async () => {
  const stored = new Map<string, string>()
  const seen: string[] = []
  const url = await listen((request, body, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization}`)
    expect(request.headers[codecHeader]).toBe(String(codecVersion))
    if (request.method === 'PUT') stored.set(request.url!.split('/').pop()!, String(body))
    else if (!stored.has('d1')) return response.writeHead(404).end(error('FUNCTION_UNKNOWN', 'send it'))
    response.writeHead(201).end(request.method === 'PUT' ? '' : JSON.stringify({ credentials: { jobId: 'j' } }))
  })
  const cluster = createCluster(createApiClient({ url }, 'secret'))
  expect(await cluster.createJob(spec, { fn, layer: () => undefined })).toEqual({ jobId: 'j' })
  expect(await cluster.createJob(spec, { fn, layer: () => undefined })).toEqual({ jobId: 'j' })
  expect(seen).toEqual(
    ['POST /v1/jobs', 'PUT /v1/functions/d1', 'POST /v1/jobs', 'POST /v1/jobs'].map((line) => `${line} Bearer secret`),
  )
  expect(stored.get('d1')).toBe('bytes of fn')
})

test('the list of packages and their files travel with the function, when the cluster misses one of them', async () => {
  const stored: string[] = []
  const made: unknown[] = []
  const url = await listen((request, body, response) => {
    if (request.method === 'PUT') stored.push(request.url!.split('/').pop()!)
    else if (made.push(JSON.parse(String(body))) === 1) {
      return response.writeHead(404).end(error('FUNCTION_UNKNOWN', 'send it'))
    }
    response.writeHead(201).end(request.method === 'PUT' ? '' : JSON.stringify({ credentials: { jobId: 'j' } }))
  })
  const cluster = createCluster(createApiClient({ url }, 'secret'))
  const parts = ['list', 'files'].map((digest) => ({ digest, bytes: Buffer.from(digest) }))
  await cluster.createJob(spec, { fn, layer: () => ({ digest: 'list', parts }) })
  expect(stored).toEqual(['d1', 'list', 'files'])
  expect(made).toEqual(Array.from({ length: 2 }, () => ({ ...spec, layer: 'list' })))
})

test('what the api says comes out as an error with its code', async () => {
  const url = await listen((_, __, response) =>
    response.writeHead(422).end(error('NO_CAPACITY', 'cpus: 64 was asked for')),
  )
  const answer = createApiClient({ url }, undefined).request('POST', '/v1/jobs', { body: {} })
  await expect(answer).rejects.toMatchObject({ code: 'NO_CAPACITY', message: 'cpus: 64 was asked for' })
})

test('a connection that breaks is tried again', async () => {
  let requests = 0
  const url = await listen((request, _, response) => {
    if (++requests < 3) request.socket.destroy()
    else response.end('{"ok":true}')
  })
  expect(await createApiClient({ url }, undefined).request('GET', '/v1/jobs')).toEqual({ ok: true })
})

test('P7 an address where nobody answers is given up, in a sentence that names it', async () => {
  const url = 'http://127.0.0.1:1'
  const answer = createApiClient({ url }, undefined).request('GET', '/healthz', { withinMs: 100 })
  await expect(answer).rejects.toMatchObject({
    code: 'CLUSTER_UNREACHABLE',
    message: `${url} does not answer (ECONNREFUSED); check that it is running and that this machine can reach it`,
  })
})

test('P7 something else at the address is told from a cluster', async () => {
  const url = await listen((_, __, response) => response.writeHead(404).end('<html>not here</html>'))
  await expect(createApiClient({ url }, undefined).request('GET', '/v1/jobs')).rejects.toThrow(
    'is this address a Burla cluster?',
  )
})

test('the option goes before the environment, and without both it is seen later', () => {
  const env = { BURLA_CLUSTER_URL: 'https://a.example', BURLA_TOKEN: 't' }
  expect(whichCluster(undefined, {})).toEqual({ type: 'unsaid' })
  expect(whichCluster('embedded', env)).toEqual({ type: 'embedded' })
  expect(whichCluster(undefined, env)).toEqual({ type: 'remote', url: 'https://a.example', token: 't' })
  expect(whichCluster('http://b.example', env)).toMatchObject({ url: 'http://b.example' })
  expect(() => whichCluster('b.example', {})).toThrow('the option "cluster" is "b.example"; it must be an address like')
  expect(() => whichCluster(undefined, { BURLA_CLUSTER_URL: 'ftp://x' })).toThrow('BURLA_CLUSTER_URL is "ftp://x"')
})
