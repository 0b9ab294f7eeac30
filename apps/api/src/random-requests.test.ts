/** On a real socket: whoever follows lines would wait for the end of the job, so a request is over when its status is there. */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { announce } from '@burla/queue'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { randomRequests, type OpenApi, type RandomRequest } from './fixtures/random-requests.ts'
import { functionBytes, sha256, someSpec, token, useApi } from './fixtures/use-api.ts'

const api = useApi()
const seed = 20_261_122
const requests = 2_000

test(`no request out of ${requests} random ones, made from the OpenAPI document with seed ${seed}, gives a 5xx`, async () => {
  // What is stored is good as a function and as a list of packages.
  const bytes = Buffer.from('{"packages":[],"also":[],"folders":{}}')
  const digest = sha256(bytes)
  for (const each of [bytes, functionBytes]) await api.ask('PUT', `/v1/functions/${sha256(each)}`, each)
  // So many that some are there still after those that are removed on the way.
  const specs = Array.from({ length: 60 }, (_, n) => someSpec({ kind: n % 2 === 0 ? 'attached' : 'submitted' }))
  for (const spec of specs) await api.ask('POST', '/v1/jobs', spec)
  for (const { id } of specs.slice(0, 30)) await announce(api.redis, id, { known: 0, ended: true })
  const document = (await api.ask('GET', '/docs/json')).body as OpenApi
  await api.server.listen({ host: '127.0.0.1', port: 0 })
  const { port } = api.server.server.address() as AddressInfo

  const answered = new Map<string, Set<number>>()
  const known = { jobIds: specs.map(({ id }) => id), digest, bytes }
  await fc.assert(
    fc.asyncProperty(randomRequests(document, known), async (request) => {
      const status = await statusOf(request, port)
      answered.set(request.operation, (answered.get(request.operation) ?? new Set()).add(status))
      expect(status, `${request.method} ${request.path}`).toBeLessThan(500)
    }),
    { seed, numRuns: requests },
  )

  // The requests are of use only if each route was both asked for what it does and for what it refuses.
  const notServed = [...answered].filter(([, statuses]) => ![...statuses].some((status) => status < 300))
  expect(notServed.map(([operation]) => operation)).toEqual(['POST /v1/session'])
  expect(answered.size).toBe(Object.values(document.paths).flatMap(Object.keys).length)
  expect([...answered.get('POST /v1/jobs')!]).toEqual(expect.arrayContaining([201, 400, 403]))
}, 180_000)

async function statusOf({ method, path, contentType, body }: RandomRequest, port: number): Promise<number> {
  const headers = {
    authorization: `Bearer ${token}`,
    ...(contentType === null ? {} : { 'content-type': contentType }),
    ...(body === null ? {} : { 'content-length': body.length }),
  }
  return new Promise((resolve, reject) => {
    const request = http.request({ port, method, path, headers, agent: false }, (response) => {
      response.destroy()
      resolve(response.statusCode ?? 0)
    })
    request.once('error', reject).end(body ?? undefined)
  })
}
