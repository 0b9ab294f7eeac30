import { sayAlive } from '@burla/queue'
import { expect, test } from 'vitest'
import { functionBytes, sha256, someSpec, useApi } from '../fixtures/use-api.ts'

const api = useApi()

async function readMetrics(): Promise<Map<string, number>> {
  const { status, body } = await api.ask('GET', '/metrics')
  expect(status).toBe(200)
  const lines = String(body).split('\n')
  return new Map(
    lines
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  )
}

test('GET /metrics tells what there is to do and with what, and series without anything are 0', async () => {
  await sayAlive(api.redis, {
    ...{ id: 'a', state: 'idle', cpus: 2, memoryGiB: 8, jobId: null, running: 0, fault: null, warm: true },
    containers: false,
    ...{ rehearsalId: null, startedAt: 0, provider: 'process' },
  } as const)
  await api.ask('PUT', `/v1/functions/${sha256(functionBytes)}`, functionBytes)
  for (const known of [3, 4]) await api.ask('POST', '/v1/jobs', someSpec({ known }))
  const metrics = await readMetrics()
  expect(Object.fromEntries(metrics)).toMatchObject({
    'burla_nodes{state="idle"}': 1,
    'burla_nodes{state="lost"}': 0,
    burla_node_cpus: 2,
    burla_slots: 0,
    'burla_jobs{state="waiting"}': 2,
    'burla_jobs{state="running"}': 0,
    'burla_inputs{state="waiting"}': 7,
    'burla_inputs{state="running"}': 0,
    burla_redis_memory_limit_bytes: 0,
    'burla_api_requests_total{method="POST",route="/v1/jobs",status="201"}': 2,
  })
  expect(metrics.get('burla_redis_memory_used_bytes')).toBeGreaterThan(500_000)
  expect(metrics.get('process_resident_memory_bytes')).toBeGreaterThan(10_000_000)
})

test('requests are counted by the route that was declared, and all that have none are one', async () => {
  for (const id of ['a', 'b']) await api.ask('GET', `/v1/jobs/${id}`)
  for (const path of ['/x', '/y', '/v1/z']) await api.ask('GET', path)
  const metrics = await readMetrics()
  const ofJob = '{method="GET",route="/v1/jobs/:id"'
  expect(metrics.get(`burla_api_requests_total${ofJob},status="404"}`)).toBe(2)
  expect(metrics.get('burla_api_requests_total{method="GET",route="none",status="404"}')).toBe(3)
  expect(metrics.get(`burla_api_request_duration_seconds_count${ofJob}}`)).toBe(2)
  expect(metrics.get(`burla_api_request_duration_seconds_bucket${ofJob},le="+Inf"}`)).toBe(2)
  const ends = [...metrics].filter(([name]) => name.startsWith(`burla_api_request_duration_seconds_bucket${ofJob}`))
  expect(ends.map(([, value]) => value)).toEqual(ends.map(([, value]) => value).toSorted((a, b) => a - b))
})
