/** Functions travel once: kept by the digest of their bytes, asked for before they are sent. */
import { createHash } from 'node:crypto'
import { BurlaError, largestFunctionBytes, largestShippedBytes, type JobId } from '@burla/protocol'
import { countShipped, hasFunction, putFunction, type Redis } from '@burla/queue'
import { digestParams, failure } from '../schemas.ts'
import type { Server } from '../server.ts'

/** 256 MiB over a slow line take their time. */
const uploadWithinMs = 10 * 60_000

export function functionRoutes(server: Server, redis: Redis): void {
  server.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  )

  server.put(
    '/v1/functions/:digest',
    {
      config: { functions: true },
      bodyLimit: largestFunctionBytes,
      handlerTimeout: uploadWithinMs,
      errorHandler: (error) => {
        if (error.code !== 'FST_ERR_CTP_BODY_TOO_LARGE') throw error
        const limit = `${largestFunctionBytes / 1024 / 1024} MiB`
        throw new BurlaError('FUNCTION_TOO_BIG', `the function is over the limit of ${limit}; pass data as inputs`)
      },
      schema: {
        summary: 'Stores a function',
        consumes: ['application/octet-stream'],
        params: digestParams,
        response: { 204: { type: 'null' }, '4xx': failure },
      },
    },
    async (request, reply) => {
      const { digest } = request.params
      const bytes = request.body
      if (!Buffer.isBuffer(bytes)) {
        throw new BurlaError('OPTION_INVALID', 'the body must be the bytes of a function, as application/octet-stream')
      }
      const actual = createHash('sha256').update(bytes).digest('hex')
      if (actual !== digest) {
        throw new BurlaError('OPTION_INVALID', `the body's digest is ${actual}, not ${digest}; send it again`)
      }
      if (request.askingJob !== null) await checkShipped(redis, request.askingJob, bytes.length)
      await putFunction(redis, digest, bytes)
      return reply.code(204).send()
    },
  )

  server.head(
    '/v1/functions/:digest',
    {
      config: { functions: true },
      schema: {
        summary: 'Says whether a function is stored',
        params: digestParams,
        response: { 200: { type: 'null' }, '4xx': failure },
      },
    },
    async (request, reply) => reply.code((await hasFunction(redis, request.params.digest)) ? 200 : 404).send(),
  )
}

/** A function that ships functions without end would fill Redis. */
async function checkShipped(redis: Redis, jobId: JobId, bytes: number): Promise<void> {
  if ((await countShipped(redis, jobId, bytes)) <= largestShippedBytes) return
  const limit = `${largestShippedBytes / 1024 / 1024} MiB`
  throw new BurlaError(
    'FUNCTION_TOO_BIG',
    `the calls of job ${jobId} have shipped functions of ${limit}; pass data as inputs`,
  )
}
