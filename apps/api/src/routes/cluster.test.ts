import { cancelJob, sayAlive } from '@burla/queue'
import { expect, test } from 'vitest'
import { functionBytes, sha256, someSpec, useApi } from '../fixtures/use-api.ts'

const api = useApi()

test('GET /v1/cluster counts nodes and unfinished jobs by state', async () => {
  const rest = {
    memoryGiB: 8,
    containers: false,
    jobId: null,
    running: 0,
    fault: null,
    warm: true,
    rehearsalId: null,
    startedAt: 0,
  }
  await sayAlive(api.redis, { ...rest, id: 'a', state: 'idle', cpus: 2, provider: 'process' })
  await sayAlive(api.redis, { ...rest, id: 'b', state: 'claimed', cpus: 4, provider: 'process' })
  await sayAlive(api.redis, { ...rest, id: 'c', state: 'idle', cpus: 8, provider: 'process' })
  await api.redis.zadd('burla:v1:nodes', 1, 'c') // silent for long
  await api.ask('PUT', `/v1/functions/${sha256(functionBytes)}`, functionBytes)
  for (const ends of [false, false, true]) {
    const spec = someSpec()
    await api.ask('POST', '/v1/jobs', spec)
    if (ends) await cancelJob(api.redis, spec.id, { outcome: 'cancelled', reason: 'enough' })
  }
  expect(await api.ask('GET', '/v1/cluster')).toEqual({
    status: 200,
    body: { nodes: { idle: 1, claimed: 1, lost: 1 }, cpus: 6, jobs: { waiting: 2 } },
  })
})
