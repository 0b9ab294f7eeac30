import { readClusterStatus, type Redis } from '@burla/queue'
import { clusterStatus } from '../cluster-schemas.ts'
import { failure } from '../schemas.ts'
import type { Server } from '../server.ts'

export function clusterRoutes(server: Server, redis: Redis): void {
  server.get(
    '/v1/cluster',
    {
      schema: {
        summary: 'How many nodes and jobs there are, by state',
        response: { 200: clusterStatus, '4xx': failure },
      },
    },
    async () => readClusterStatus(redis),
  )

  server.get(
    '/healthz',
    {
      config: { open: true },
      schema: {
        summary: 'Says that the api is up; needs no token',
        security: [],
        response: { 200: { type: 'object', properties: { status: { const: 'ok' } } } },
      },
    },
    async () => ({ status: 'ok' }) as const,
  )
}
