/**
 * Every failure leaves the api as `{ error: { code, message } }`, with a code of `BurlaError`; only a browser that is
 * not let in gets a page.
 */
import { BurlaError, type ErrorCode } from '@burla/protocol'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { loginPage } from './pages/login-page.ts'
import { sendPage } from './pages/page.ts'

const statuses: Partial<Record<ErrorCode, number>> = {
  OPTION_INVALID: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  JOB_UNKNOWN: 404,
  FUNCTION_UNKNOWN: 404,
  NOT_SUPPORTED: 404,
  JOB_ATTACHED: 409,
  JOB_CONFLICT: 409,
  JOB_CANCELLED: 409,
  RESULTS_EXPIRED: 410,
  FUNCTION_TOO_BIG: 413,
  NO_CAPACITY: 422,
  CODEC_UNKNOWN: 426,
  CLUSTER_UNREACHABLE: 503,
}

export function answerFailures(server: FastifyInstance): void {
  server.setErrorHandler((error, request, reply) => {
    const { status, failure } = asAnswer(error)
    if (status === 500) console.error(`${request.method} ${request.url} failed:`, error)
    if (status === 401) {
      void reply.code(status).header('www-authenticate', 'Bearer')
      if (isBrowsing(request)) return sendPage(reply, loginPage)
    }
    return reply.code(status).send({ error: { code: failure.code, message: failure.message } })
  })
  server.setNotFoundHandler((request) => {
    throw new BurlaError(
      'NOT_SUPPORTED',
      `this cluster has no ${request.method} ${request.url}; /docs lists what it has`,
    )
  })
}

/** Somebody opened an address; what pages themselves ask for is asked for otherwise. */
function isBrowsing({ method, headers }: FastifyRequest): boolean {
  return method === 'GET' && headers.accept?.includes('text/html') === true
}

function asAnswer(error: unknown): { status: number; failure: BurlaError } {
  if (error instanceof BurlaError) return { status: statuses[error.code] ?? 500, failure: error }
  const { code, statusCode = 500, message } = error as { code?: string; statusCode?: number; message: string }
  if (code === 'FST_ERR_HANDLER_TIMEOUT') {
    const sentence = "the cluster's Redis does not answer; ask again in a moment"
    return { status: 503, failure: new BurlaError('CLUSTER_UNREACHABLE', sentence) }
  }
  // Fastify's own words about a request: no JSON, too long, of another content type.
  if (statusCode < 500) return { status: statusCode, failure: new BurlaError('OPTION_INVALID', message) }
  return {
    status: 500,
    failure: new BurlaError('INTERNAL', 'the api failed; its log says why. It is safe to ask again'),
  }
}
