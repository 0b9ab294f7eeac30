/** The api as a Fastify that does not listen yet: who may ask, how failures look, then the routes. */
import Fastify, { type FastifyServerOptions } from 'fastify'
import { clientGoneMs as defaultClientGoneMs, type RedisAddress } from '@burla/protocol'
import { noteClientGone, type Redis } from '@burla/queue'
import { requireToken } from './access.ts'
import { requireCodec } from './codec.ts'
import { serveDocs } from './docs.ts'
import { answerFailures } from './failures.ts'
import { countRequests } from './metrics/requests.ts'
import { createPresence, type Presence } from './presence.ts'
import { serveQueues } from './queues/serve-queues.ts'
import { clusterRoutes } from './routes/cluster.ts'
import { functionRoutes } from './routes/functions.ts'
import { heartbeatRoutes } from './routes/heartbeat.ts'
import { historyRoutes } from './routes/history.ts'
import { jobRoutes } from './routes/jobs.ts'
import { keptResultRoutes } from './routes/kept-results.ts'
import { metricsRoute } from './routes/metrics.ts'
import { nodeRoutes } from './routes/nodes.ts'
import { pageRoutes } from './routes/pages.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { createSessions } from './sessions.ts'
import { answerUnreadable, largestHeaderBytes } from './unreadable.ts'
import { describeFault, lazyValidation } from './validation.ts'
import type { SchemaTypes } from './schemas.ts'

export interface ServerOptions {
  redis: Redis
  /** where the cluster's own parts find Redis */
  redisAddress: RedisAddress
  /** where programs find it, when that is another address */
  publicRedis?: RedisAddress
  clusterKey: string
  tokenHash: string
  /** whether the history of jobs is kept; default true */
  history?: boolean
  /** how long a client is waited for whose process has ended (P10); default 60 s */
  clientGoneMs?: number
  /** A connection to Redis waits without end for Redis to come back; a request waits for this long (P7). */
  answerWithinMs?: number
}

const largestBodyBytes = 1024 * 1024

/** Fastify's types know its own compilers only. */
const compilersFactory = {
  buildValidator: () => lazyValidation,
  buildSerializer: () => () => JSON.stringify,
} as unknown as NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>

export type Server = ReturnType<typeof createServer>

export function createServer(options: ServerOptions) {
  const server = Fastify({
    bodyLimit: largestBodyBytes,
    http: { maxHeaderSize: largestHeaderBytes },
    clientErrorHandler: answerUnreadable,
    handlerTimeout: options.answerWithinMs ?? 10_000,
    exposeHeadRoutes: false,
    schemaController: { compilersFactory },
    schemaErrorFormatter: describeFault,
  }).withTypeProvider<SchemaTypes>()

  const sessions = createSessions(options)
  requireToken(server, { ...options, sessions })
  requireCodec(server)
  answerFailures(server)
  const requests = countRequests(server)
  serveDocs(server)
  serveQueues(server, options)
  functionRoutes(server, options.redis)
  const presence = watchClients(server, options)
  jobRoutes(server, { ...options, presence })
  heartbeatRoutes(server, { redis: options.redis, presence })
  historyRoutes(server, options.redis)
  keptResultRoutes(server, options)
  clusterRoutes(server, options.redis)
  nodeRoutes(server, options.redis)
  metricsRoute(server, options.redis, requests)
  sessionRoutes(server, sessions)
  pageRoutes(server, options.redis)
  return server
}

function watchClients(server: Server, { redis, clientGoneMs = defaultClientGoneMs }: ServerOptions): Presence {
  const presence = createPresence((jobIds) => {
    noteClientGone(redis, jobIds, clientGoneMs).catch((error: Error) => {
      console.error(`the client of ${jobIds.join(', ')} is gone, which could not be noted: ${error.message}`)
    })
  })
  server.addHook('preClose', async () => presence.close())
  return presence
}
