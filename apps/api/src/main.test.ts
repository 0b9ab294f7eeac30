import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPart, startReaper } from '@burla/processes'
import { kill9, useRedis } from '@burla/testkit'
import { afterAll, expect, test } from 'vitest'
import { sha256, token } from './fixtures/use-api.ts'
import type { ApiConfig } from './config.ts'

const redis = useRedis()
const reaper = startReaper()
const folder = mkdtempSync(join(tmpdir(), 'burla-api-'))
const socketPath = join(folder, 'api.sock')
afterAll(() => {
  reaper.close()
  rmSync(folder, { recursive: true, force: true })
})

function startApi(listen: ApiConfig['listen']) {
  const config: ApiConfig = {
    listen,
    redis: redis.address,
    redisPassword: redis.password,
    clusterKey: 'key',
    tokenHash: sha256(token),
    history: true,
  }
  return startPart({ name: 'api', entry: join(import.meta.dirname, 'main.ts'), config, reaper })
}

async function get(options: http.RequestOptions): Promise<{ status: number | undefined; text: string }> {
  const request = http.get({ ...options, headers: { authorization: `Bearer ${token}` } })
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  return { status: response.statusCode, text: Buffer.concat(await response.toArray()).toString() }
}

test('listens on a socket, also on one that a killed api has left, and ends when its parent says so', async () => {
  const killed = await startApi({ socketPath })
  kill9(killed.pid)
  await killed.exited

  const api = await startApi({ socketPath })
  expect(await get({ socketPath, path: '/v1/jobs' })).toEqual({ status: 200, text: '{"jobs":[]}' })
  expect((await api.stop()).code).toBe(0)
})

test('listens on a port of the loopback and says which', async () => {
  const api = await startApi({ host: '127.0.0.1', port: 0 })
  const { address } = api.ready as { address?: string }
  const { hostname, port } = new URL(address ?? '')
  expect(await get({ hostname, port, path: '/healthz' })).toEqual({ status: 200, text: '{"status":"ok"}' })
  await api.stop()
})

test('P7 ends in time also while Redis is away', async () => {
  const api = await startApi({ socketPath })
  kill9(redis.process.pid)
  await redis.process.exited
  expect((await api.stop()).code).toBe(0)
})
