import { listNodes, type Redis } from '@burla/queue'
import { failure, node } from '../schemas.ts'
import type { Server } from '../server.ts'

export function nodeRoutes(server: Server, redis: Redis): void {
  server.get(
    '/v1/nodes',
    {
      schema: {
        summary: 'The nodes that are there',
        response: { 200: { type: 'object', properties: { nodes: { type: 'array', items: node } } }, '4xx': failure },
      },
    },
    async () => ({ nodes: await listNodes(redis) }),
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
