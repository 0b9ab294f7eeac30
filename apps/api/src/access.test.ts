import { expect, test } from 'vitest'
import { createServer } from './server.ts'
import { routeTable } from './fixtures/route-table.ts'
import { token, useApi } from './fixtures/use-api.ts'

const api = useApi()
const open = ['GET /healthz', 'POST /v1/session']
const notRoutes = [
  { method: 'GET', url: '/v1/nothing-here' },
  { method: 'GET', url: '/queues/static/images/logo.svg' },
  { method: 'GET', url: '/docs/json' },
] as const

test('P9 every route but two asks for the token: without one and with a wrong one nothing is answered', async () => {
  const routes = routeTable(api.server)
  expect(routes.filter((route) => !api.server.hasRoute(route))).toEqual([])
  expect(routes.length).toBeGreaterThan(20)
  const answered: string[] = []
  for (const { method, url } of [...routes, ...notRoutes]) {
    for (const authorization of [undefined, 'Bearer wrong', `Bearer ${token}x`, `Basic ${token}`, token]) {
      const headers = authorization === undefined ? {} : { authorization }
      const reply = await api.server.inject({ method, url: url.replace(/:\w+|\*/g, 'doubling-0123456789'), headers })
      if (reply.statusCode !== 401 || reply.headers['www-authenticate'] !== 'Bearer') {
        answered.push(`${method} ${url}`)
      } else if (method !== 'HEAD') {
        expect(reply.json()).toEqual({
          error: { code: 'UNAUTHORIZED', message: expect.stringContaining('BURLA_TOKEN') },
        })
      }
    }
  }
  expect([...new Set(answered)].toSorted()).toEqual(open)
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
