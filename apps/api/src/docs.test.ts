import { expect, test } from 'vitest'
import { useApi } from './fixtures/use-api.ts'

const api = useApi()

test('/docs/json describes every route, from the schemas that check the requests', async () => {
  const { status, body } = await api.ask('GET', '/docs/json')
  expect(status).toBe(200)
  const { openapi, paths } = body as { openapi: string; paths: Record<string, Record<string, object>> }
  expect(openapi).toMatch(/^3\.1/)
  expect(Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((m) => `${m} ${path}`))).toEqual([
    'put /v1/functions/{digest}',
    'head /v1/functions/{digest}',
    'post /v1/jobs',
    'get /v1/jobs',
    'get /v1/jobs/{id}',
    'delete /v1/jobs/{id}',
    'post /v1/jobs/{id}/cancel',
    'post /v1/heartbeat',
    'get /v1/jobs/{id}/inputs',
    'get /v1/jobs/{id}/failures',
    'get /v1/jobs/{id}/lines',
    'post /v1/jobs/{id}/credentials',
    'get /v1/cluster',
    'get /healthz',
    'get /v1/nodes',
    'get /metrics',
    'post /v1/session/codes',
    'post /v1/session',
    'get /',
  ])
  expect(JSON.stringify(paths['/v1/jobs']!['post'])).toContain('"maxParallelism"')
})

test('/docs is a page that finds its own files', async () => {
  const { status, body } = await api.ask('GET', '/docs')
  expect(status).toBe(200)
  const script = /src="(.*?swagger-ui-bundle.js)"/.exec(String(body))?.[1]
  const found = await api.ask('GET', new URL(script ?? '', 'http://api/docs').pathname)
  expect(found.status).toBe(200)
})
