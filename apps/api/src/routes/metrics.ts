import { readClusterLoad, type Redis } from '@burla/queue'
import { encodeMetrics, expositionType, type Metric } from '../metrics/exposition.ts'
import { clusterFigures, processFigures } from '../metrics/figures.ts'
import { failure } from '../schemas.ts'
import type { Server } from '../server.ts'

/** @param requests the figures of the requests so far */
export function metricsRoute(server: Server, redis: Redis, requests: () => Metric[]): void {
  server.get(
    '/metrics',
    {
      schema: {
        summary: "The cluster's figures in Prometheus' text format",
        produces: ['text/plain'],
        response: { 200: { type: 'string' }, '4xx': failure },
      },
    },
    async (_request, reply) => {
      const figures = clusterFigures(await readClusterLoad(redis))
      return reply.type(expositionType).send(encodeMetrics([...figures, ...processFigures(), ...requests()]))
    },
  )
}
