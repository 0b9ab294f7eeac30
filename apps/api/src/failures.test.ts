import { freeze, thaw } from '@burla/testkit'
import { expect, test } from 'vitest'
import { createServer } from './server.ts'
import { clusterKey, sha256, token, useApi } from './fixtures/use-api.ts'

const api = useApi()
const headers = { authorization: `Bearer ${token}` }

test('P7 a request that Redis does not answer is answered with a reason', async () => {
  const server = createServer({
    redis: api.redis,
    redisAddress: api.testRedis.address,
    clusterKey,
    tokenHash: sha256(token),
    answerWithinMs: 50,
  })
  const { pid } = api.testRedis.process
  freeze(pid)
  try {
    const reply = await server.inject({ method: 'GET', url: '/v1/nodes', headers })
    expect(reply.statusCode).toBe(503)
    expect(reply.json()).toMatchObject({
      error: { code: 'CLUSTER_UNREACHABLE', message: expect.stringContaining('Redis does not answer') },
    })
  } finally {
    thaw(pid)
  }
  await server.close()
})

test('what is no JSON is named as that', async () => {
  const reply = await api.server.inject({
    method: 'POST',
    url: '/v1/jobs',
    headers: { ...headers, 'content-type': 'application/json' },
    payload: '{"id":',
  })
  expect(reply.statusCode).toBe(400)
  expect(reply.json()).toMatchObject({ error: { code: 'OPTION_INVALID', message: expect.stringContaining('JSON') } })
})
