import { listJobs, listNodes, type Redis } from '@burla/queue'
import { clusterPage } from '../pages/cluster-page.ts'
import { sendPage } from '../pages/page.ts'
import type { Server } from '../server.ts'

const listedJobs = 100

export function pageRoutes(server: Server, redis: Redis): void {
  server.get(
    '/',
    { schema: { summary: 'The nodes and jobs as a page', produces: ['text/html'] } },
    async (_, reply) => {
      const [nodes, jobs] = await Promise.all([listNodes(redis), listJobs(redis, { limit: listedJobs })])
      return sendPage(reply, clusterPage({ nodes, jobs, now: Date.now() }))
    },
  )
}
