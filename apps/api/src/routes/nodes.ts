import { listNodes, type Redis } from '@burla/queue'
import { node, nodesQuery } from '../cluster-schemas.ts'
import { failure } from '../schemas.ts'
import type { Server } from '../server.ts'

export function nodeRoutes(server: Server, redis: Redis): void {
  server.get(
    '/v1/nodes',
    {
      schema: {
        summary: 'The nodes that are there',
        querystring: nodesQuery,
        response: { 200: { type: 'object', properties: { nodes: { type: 'array', items: node } } }, '4xx': failure },
      },
    },
    async ({ query: { limit = nodesQuery.properties.limit.default } }) => ({
      nodes: (await listNodes(redis)).slice(0, limit),
    }),
  )
}
