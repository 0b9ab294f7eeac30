/** Clients say that they are there (P10). */
import { heartbeat, type Redis } from '@burla/queue'
import type { Presence } from '../presence.ts'
import { failure, heartbeatBody, unknownJobs } from '../schemas.ts'
import type { Server } from '../server.ts'

export function heartbeatRoutes(server: Server, { redis, presence }: { redis: Redis; presence: Presence }): void {
  server.post(
    '/v1/heartbeat',
    {
      schema: {
        summary: 'The client of these jobs is there',
        description:
          'Sent every 5 s, on one connection. When the client closes that connection and is not heard again within 60 s, ' +
          'its attached jobs are cancelled; when it falls silent, after the `clientGraceMs` of each.',
        body: heartbeatBody,
        response: { 200: unknownJobs, '4xx': failure },
      },
    },
    async (request) => {
      const { jobs } = request.body
      presence.heard(request.raw.socket, jobs)
      const unknown = await heartbeat(redis, jobs)
      for (const jobId of unknown) presence.forget(jobId)
      return { unknown }
    },
  )
}
