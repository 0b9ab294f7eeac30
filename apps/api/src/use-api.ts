/** For tests: the whole api inside the test's process, before a real Redis. Requests go through Fastify's `inject`. */
import { createHash } from 'node:crypto'
import { newJobId, type JobSpec } from '@burla/protocol'
import { connectRedis, type Redis } from '@burla/queue'
import { useRedis, type TestRedis } from '@burla/testkit'
import { afterAll, beforeAll } from 'vitest'
import { createServer, type Server } from './server.ts'

export const token = 'the-token'
export const clusterKey = 'the-cluster-key'

export interface TestApi {
  readonly server: Server
  readonly redis: Redis
  readonly testRedis: TestRedis
  /** Sends a request with the token and resolves with its status and its parsed body. */
  ask(method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE', url: string, body?: object | Buffer): Promise<Reply>
}

export interface Reply {
  status: number
  body: unknown
}

export function useApi(): TestApi {
  const testRedis = useRedis()
  let redis: Redis
  let server: Server

  beforeAll(() => {
    redis = connectRedis({ address: testRedis.address, password: testRedis.password, name: 'api-test' })
    server = createServer({ redis, redisAddress: testRedis.address, clusterKey, tokenHash: sha256(token) })
  })
  afterAll(async () => {
    await server.close()
    redis.disconnect()
  })

  return {
    testRedis,
    get server() {
      return server
    },
    get redis() {
      return redis
    },
    async ask(method, url, body) {
      const bytes = Buffer.isBuffer(body) ? { 'content-type': 'application/octet-stream' } : {}
      const headers = { authorization: `Bearer ${token}`, ...bytes }
      const reply = await server.inject({ method, url, headers, ...(body === undefined ? {} : { payload: body }) })
      const isJson = String(reply.headers['content-type']).startsWith('application/json')
      return { status: reply.statusCode, body: isJson ? reply.json() : reply.body }
    },
  }
}

export function sha256(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex')
}

export const functionBytes = Buffer.from('(x) => x * 2')

/** A valid specification of a job of `functionBytes`. */
export function someSpec(changes: Partial<JobSpec> = {}): JobSpec {
  return {
    id: newJobId('doubling'),
    name: 'doubling',
    functionDigest: sha256(functionBytes),
    known: 3,
    call: { cpus: 1, maxParallelism: null, retries: 0, retryDelayMs: 1000, timeoutMs: null, env: {} },
    ...changes,
  }
}
