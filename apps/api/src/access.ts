/** Who may ask (P9): whoever holds the cluster's token. The api knows its hash only. Browsers: see `sessions.ts`. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { BurlaError } from '@burla/protocol'
import type { FastifyInstance } from 'fastify'
import type { Sessions } from './sessions.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** answers without a token */
    open?: true
  }
}

/** Refuses every request without the token, also one for a path that does not exist, before its body is read. */
export function requireToken(server: FastifyInstance, tokenHash: string, sessions: Sessions): void {
  const expected = Buffer.from(tokenHash, 'hex')
  if (expected.length !== 32) throw new BurlaError('INTERNAL', 'tokenHash must be a sha256 in hex')

  server.addHook('onRequest', async ({ routeOptions, headers, method }) => {
    if (routeOptions.config.open) return
    const token = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1]
    if (token === undefined) {
      const reads = method === 'GET' || method === 'HEAD'
      if (reads && sessions.isIn(headers.cookie)) return
      throw new BurlaError('UNAUTHORIZED', 'no token was sent: set BURLA_TOKEN to the token of this cluster')
    }
    if (!timingSafeEqual(createHash('sha256').update(token).digest(), expected)) {
      throw new BurlaError('UNAUTHORIZED', 'this token is not the one of this cluster: look at BURLA_TOKEN')
    }
  })
}
