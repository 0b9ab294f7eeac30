import { expect, test } from 'vitest'
import { createServer } from './server.ts'
import { token, useApi } from './fixtures/use-api.ts'

const api = useApi()

const routes = [
  ['PUT', `/v1/functions/${'0'.repeat(64)}`],
  ['HEAD', `/v1/functions/${'0'.repeat(64)}`],
  ['POST', '/v1/jobs'],
  ['GET', '/v1/jobs'],
  ['GET', '/v1/jobs/doubling-0123456789'],
  ['POST', '/v1/jobs/doubling-0123456789/cancel'],
  ['DELETE', '/v1/jobs/doubling-0123456789'],
  ['GET', '/v1/jobs/doubling-0123456789/inputs'],
  ['GET', '/v1/jobs/doubling-0123456789/failures'],
  ['GET', '/v1/jobs/doubling-0123456789/lines'],
  ['POST', '/v1/jobs/doubling-0123456789/credentials'],
  ['POST', '/v1/heartbeat'],
  ['GET', '/v1/cluster'],
  ['GET', '/v1/nodes'],
  ['GET', '/'],
  ['POST', '/v1/session/codes'],
  ['GET', '/queues'],
  ['GET', '/queues/static/images/logo.svg'],
  ['GET', '/docs'],
  ['GET', '/docs/json'],
  ['GET', '/v1/nothing-here'],
] as const

test.each(routes)('P9 %s %s asks for the token', async (method, url) => {
  const without = await api.server.inject({ method, url })
  expect(without.statusCode).toBe(401)
  expect(without.headers['www-authenticate']).toBe('Bearer')
  if (method === 'HEAD') return
  expect(without.json()).toEqual({
    error: { code: 'UNAUTHORIZED', message: expect.stringContaining('set BURLA_TOKEN') },
  })
})

test.each(['Bearer wrong', `Bearer ${token}x`, `Basic ${token}`, 'Bearer ', token])(
  'P9 "%s" is not the token',
  async (authorization) => {
    const reply = await api.server.inject({ method: 'GET', url: '/v1/jobs', headers: { authorization } })
    expect(reply.statusCode).toBe(401)
  },
)

test('the list of routes that ask for the token is complete', () => {
  const declared: string[] = []
  const server = createServer({
    redis: api.redis,
    redisAddress: { path: '' },
    clusterKey: '',
    tokenHash: '0'.repeat(64),
  })
  for (const line of server.printRoutes({ commonPrefix: false }).matchAll(/\(([A-Z, ]+)\)/g)) {
    declared.push(...line[1]!.split(', '))
  }
  const openRoutes = ['GET /healthz', 'POST /v1/session'].length
  const unknownRoutes = 1
  expect(declared).toHaveLength(routes.length - unknownRoutes + openRoutes)
})

test('P9 the body of a request without a token is not read', async () => {
  const reply = await api.server.inject({ method: 'POST', url: '/v1/jobs', payload: 'no json at all' })
  expect(reply.statusCode).toBe(401)
})

test('GET /healthz answers anybody', async () => {
  const reply = await api.server.inject({ method: 'GET', url: '/healthz' })
  expect(reply.json()).toEqual({ status: 'ok' })
})

test('an api without a usable hash of its token does not start', () => {
  const options = { redis: api.redis, redisAddress: { path: '' }, clusterKey: '', tokenHash: '' }
  expect(() => createServer(options)).toThrow('tokenHash must be a sha256')
})
