/** What is kept of a job besides its results (P6): records of its inputs, its failures, what its calls printed. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { CutLines, KeptLine } from '@burla/protocol'
import { readFailures, readInputs, readLines, type Redis } from '@burla/queue'
import { existingJob } from '../existing-job.ts'
import { failure, failureRecords, failuresQuery, idParams, inputRecords, inputsQuery, linesQuery } from '../schemas.ts'
import type { Server } from '../server.ts'

export function historyRoutes(server: Server, redis: Redis): void {
  const closing = new AbortController()
  server.addHook('preClose', async () => closing.abort())

  server.get(
    '/v1/jobs/:id/inputs',
    {
      schema: {
        summary: 'The inputs that run now, then the newest 10,000 that have finished, the newest first',
        params: idParams,
        querystring: inputsQuery,
        response: { 200: inputRecords, '4xx': failure },
      },
    },
    async (request) => {
      const { id } = await existingJob(redis, request.params.id, request.askingJob)
      const { state, limit = inputsQuery.properties.limit.default } = request.query
      return readInputs(redis, id, { limit, ...(state && { state }) })
    },
  )

  server.get(
    '/v1/jobs/:id/failures',
    {
      schema: {
        summary: 'The first 1,000 inputs that failed, in the order in which they did',
        params: idParams,
        querystring: failuresQuery,
        response: { 200: failureRecords, '4xx': failure },
      },
    },
    async (request) => {
      const { id } = await existingJob(redis, request.params.id, request.askingJob)
      return readFailures(redis, id, request.query.limit ?? failuresQuery.properties.limit.default)
    },
  )

  server.get(
    '/v1/jobs/:id/lines',
    {
      schema: {
        summary: 'What the calls printed, the newest 16 MiB of it',
        description:
          'One JSON document per line: `{"index","stream","text","at","run"}`. `index` is null for what was printed outside ' +
          'of any call, `run` is more than 1 for a further attempt and after a loss. `{"cut":{"lines","bytes"}}` stands ' +
          'where lines are missing. With `follow` the answer ends when the job does.',
        produces: ['application/x-ndjson'],
        params: idParams,
        querystring: linesQuery,
        response: { 200: { type: 'string' }, '4xx': failure },
      },
    },
    async (request, reply) => {
      const { id } = await existingJob(redis, request.params.id, request.askingJob)
      const { input, follow = false } = request.query
      // From here on the answer is ours: it may take as long as the job does.
      reply.hijack()
      const gone = new AbortController()
      reply.raw.once('close', () => gone.abort())
      const signal = AbortSignal.any([closing.signal, gone.signal])
      const lines = readLines(redis, id, { follow, signal, ...(input !== undefined && { input }) })
      reply.raw.writeHead(200, { 'content-type': 'application/x-ndjson; charset=utf-8' }).flushHeaders()
      await pipeline(Readable.from(asNdjson(lines)), reply.raw).catch((error: Error) => {
        if (!gone.signal.aborted) console.error(`the lines of job ${id} could not be sent: ${error.message}`)
      })
    },
  )
}

async function* asNdjson(lines: AsyncIterable<(KeptLine | CutLines)[]>): AsyncGenerator<string> {
  for await (const some of lines) {
    if (some.length > 0) yield some.map((line) => `${JSON.stringify(line)}\n`).join('')
  }
}
