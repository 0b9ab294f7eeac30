/** A program of another version is refused at its first request, before its body is looked at. */
import { checkCodec, codecHeader } from '@burla/protocol'
import type { FastifyInstance } from 'fastify'

/** Requests that carry no values, as a person makes them, need not say it. */
export function requireCodec(server: FastifyInstance): void {
  server.addHook('onRequest', async ({ headers }) => {
    const said = headers[codecHeader]
    if (said !== undefined) checkCodec(Number(said), { what: 'the request', from: 'program' })
  })
}
