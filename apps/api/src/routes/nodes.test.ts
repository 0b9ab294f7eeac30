import type { NodeStatus } from '@burla/protocol'
import { sayAlive } from '@burla/queue'
import { expect, test } from 'vitest'
import { useApi } from '../fixtures/use-api.ts'

const api = useApi()

test('GET /v1/nodes lists the nodes that have said that they live', async () => {
  expect(await api.ask('GET', '/v1/nodes')).toEqual({ status: 200, body: { nodes: [] } })
  const node = {
    id: 'node-1',
    state: 'idle',
    cpus: 2,
    memoryGiB: 8,
    jobId: null,
    warm: true,
    containers: false,
    running: 0,
    fault: null,
    provider: 'process',
    startedAt: 5,
  } as const
  await sayAlive(api.redis, { ...node, rehearsalId: 'rehearsal-0123456789' })
  const { nodes } = (await api.ask('GET', '/v1/nodes')).body as { nodes: NodeStatus[] }
  expect(nodes).toEqual([{ ...node, lastSeenAt: expect.any(Number) as number }])
})

test('a path that does not exist points to the documents', async () => {
  expect(await api.ask('GET', '/v1/nothing')).toEqual({
    status: 404,
    body: { error: { code: 'NOT_SUPPORTED', message: 'this cluster has no GET /v1/nothing; /docs lists what it has' } },
  })
})

test('GET /v1/nodes lists no more than were asked for', async () => {
  const rest = {
    state: 'idle',
    cpus: 1,
    memoryGiB: 1,
    containers: false,
    jobId: null,
    running: 0,
    fault: null,
    warm: true,
  } as const
  for (const id of ['a', 'b', 'c']) {
    await sayAlive(api.redis, { ...rest, id, rehearsalId: null, startedAt: 0, provider: 'process' })
  }
  expect(((await api.ask('GET', '/v1/nodes?limit=2')).body as { nodes: NodeStatus[] }).nodes).toHaveLength(2)
  expect(await api.ask('GET', '/v1/nodes?limit=0')).toMatchObject({
    status: 400,
    body: { error: { message: 'querystring.limit must be >= 1' } },
  })
})
