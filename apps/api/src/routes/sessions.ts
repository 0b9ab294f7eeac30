/** The way of a browser in: a code for whoever holds the token, a cookie for whoever holds the code. */
import { BurlaError } from '@burla/protocol'
import { failure, sessionBody, sessionCode } from '../schemas.ts'
import type { Server } from '../server.ts'
import type { Sessions } from '../sessions.ts'

export function sessionRoutes(server: Server, sessions: Sessions): void {
  server.post(
    '/v1/session/codes',
    {
      schema: {
        summary: 'Makes a code with which a browser gets in, once: open `/#code=<code>`',
        response: { 201: sessionCode, '4xx': failure },
      },
    },
    async (_request, reply) => reply.code(201).send(sessions.newCode()),
  )

  server.post(
    '/v1/session',
    {
      config: { open: true },
      schema: {
        summary: 'Gives the browser that has a code a cookie with which it may read; needs no token',
        security: [],
        body: sessionBody,
        response: { 204: { type: 'null' }, '4xx': failure },
      },
    },
    async (request, reply) => {
      const cookie = sessions.begin(request.body.code)
      if (cookie === undefined) throw new BurlaError('UNAUTHORIZED', 'this code was used, is too old, or never was one')
      return reply.code(204).header('set-cookie', cookie).send()
    },
  )
}
