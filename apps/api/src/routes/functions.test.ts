import { largestFunctionBytes } from '@burla/protocol'
import { readFunction } from '@burla/queue'
import { expect, test } from 'vitest'
import { functionBytes, sha256, useApi } from '../fixtures/use-api.ts'

const api = useApi()
const url = `/v1/functions/${sha256(functionBytes)}`

test('a function that was put is stored byte by byte, also when it is put twice', async () => {
  expect(await api.ask('HEAD', url)).toMatchObject({ status: 404 })
  expect(await api.ask('PUT', url, functionBytes)).toMatchObject({ status: 204 })
  expect(await api.ask('PUT', url, functionBytes)).toMatchObject({ status: 204 })
  expect(await api.ask('HEAD', url)).toMatchObject({ status: 200 })
  expect(await readFunction(api.redis, sha256(functionBytes))).toEqual(functionBytes)
})

test('bytes of another digest are refused and not stored', async () => {
  const { status, body } = await api.ask('PUT', url, Buffer.from('(x) => x * 3'))
  expect(status).toBe(400)
  expect(body).toMatchObject({
    error: { code: 'OPTION_INVALID', message: expect.stringContaining("the body's digest is") },
  })
  expect(await api.ask('HEAD', url)).toMatchObject({ status: 404 })
})

test('a body that is not bytes is refused', async () => {
  expect(await api.ask('PUT', url, { text: '(x) => x' })).toMatchObject({
    status: 400,
    body: { error: { message: expect.stringContaining('application/octet-stream') } },
  })
})

test('what cannot be a digest is refused by name', async () => {
  expect(await api.ask('PUT', '/v1/functions/abc', functionBytes)).toMatchObject({
    status: 400,
    body: { error: { message: 'params.digest must match pattern "^[0-9a-f]{64}$"' } },
  })
})

test('a function over the limit is refused before it is read, and the limit is named', async () => {
  const reply = await api.server.inject({
    method: 'PUT',
    url,
    headers: {
      authorization: 'Bearer the-token',
      'content-type': 'application/octet-stream',
      'content-length': String(largestFunctionBytes + 1),
    },
  })
  expect(reply.statusCode).toBe(413)
  expect(reply.json()).toMatchObject({
    error: { code: 'FUNCTION_TOO_BIG', message: expect.stringContaining('256 MiB') },
  })
})
