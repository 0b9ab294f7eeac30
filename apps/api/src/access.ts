/**
 * Who may ask (P9): whoever holds the cluster's token, of which the api knows the hash only, and functions, for which the
 * token of their job opens the routes that say so. Browsers: see `sessions.ts`.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { BurlaError, type JobId } from '@burla/protocol'
import { jobOfToken, readJob, type Redis } from '@burla/queue'
import type { FastifyInstance } from 'fastify'
import type { Sessions } from './sessions.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** answers without a token */
    open?: true
    /** answers a function too, which has the token of its job; what it may see is up to the route */
    functions?: true
  }
  interface FastifyRequest {
    /** the job whose function asks; `null`: somebody with the cluster's own token asks */
    askingJob: JobId | null
  }
}

interface AccessOptions {
  redis: Redis
  clusterKey: string
  tokenHash: string
  sessions: Sessions
}

/** Refuses every request without a token, also one for a path that does not exist, before its body is read. */
export function requireToken(server: FastifyInstance, { redis, clusterKey, tokenHash, sessions }: AccessOptions): void {
  const expected = Buffer.from(tokenHash, 'hex')
  if (expected.length !== 32) throw new BurlaError('INTERNAL', 'tokenHash must be a sha256 in hex')

  server.decorateRequest('askingJob', null)
  server.addHook('onRequest', async (request) => {
    const { routeOptions, headers, method } = request
    if (routeOptions.config.open) return
    const token = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1]
    if (token === undefined) {
      const reads = method === 'GET' || method === 'HEAD'
      if (reads && sessions.isIn(headers.cookie)) return
      throw new BurlaError('UNAUTHORIZED', 'no token was sent: set BURLA_TOKEN to the token of this cluster')
    }
    const jobId = jobOfToken(clusterKey, token)
    if (jobId !== undefined) {
      request.askingJob = await liveJob(redis, jobId)
      if (routeOptions.config.functions) return
      throw new BurlaError(
        'FORBIDDEN',
        'a function may make, read and cancel the jobs that it has started, nothing else',
      )
    }
    if (!timingSafeEqual(createHash('sha256').update(token).digest(), expected)) {
      throw new BurlaError('UNAUTHORIZED', 'this token is not the one of this cluster: look at BURLA_TOKEN')
    }
  })
}

/** The token of a job is good as long as calls of the job may run. */
async function liveJob(redis: Redis, jobId: JobId): Promise<JobId> {
  const state = (await readJob(redis, jobId))?.state
  if (state === 'waiting' || state === 'running') return jobId
  throw new BurlaError('UNAUTHORIZED', `the job ${jobId} of this token is over`)
}
