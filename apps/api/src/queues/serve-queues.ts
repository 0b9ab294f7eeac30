/** Bull Board at `/queues`, loaded when somebody looks for the first time, with a connection of its own. */
import { connectAnother } from '@burla/queue'
import type { FastifyInstance } from 'fastify'
import type { Server, ServerOptions } from '../server.ts'

export function serveQueues(server: Server, { redis: shared, answerWithinMs }: ServerOptions): void {
  let board: Promise<FastifyInstance> | undefined
  server.addHook('onClose', async () => (await board)?.close())

  for (const url of ['/queues', '/queues/*']) {
    server.get(url, async (request, reply) => {
      const { routing } = await (board ??= buildBoard())
      reply.hijack()
      routing(request.raw, reply.raw)
    })
  }

  async function buildBoard(): Promise<FastifyInstance> {
    const [{ createBoardServer }, { createLiveQueues }] = await Promise.all([
      import('./board-server.ts'),
      import('./live-queues.ts'),
    ])
    const redis = connectAnother(shared, 'api-queues')
    const live = createLiveQueues(redis)
    const built = createBoardServer(live, answerWithinMs ?? 10_000)
    built.addHook('onClose', async () => {
      // Not while Redis is away: then there is nothing to close but the connection.
      redis.disconnect()
      await live.close()
    })
    await built.ready()
    return built
  }
}
