import { listNodes, type Redis } from '@burla/queue'
import { node } from '../cluster-schemas.ts'
import { failure } from '../schemas.ts'
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
}
