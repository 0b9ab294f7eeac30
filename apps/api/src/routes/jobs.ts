/** Jobs are made, read and ended here; their inputs and results travel through Redis only. */
import { BurlaError, type JobSpec } from '@burla/protocol'
import {
  cancelJob,
  createJob,
  hasFunction,
  jobCredentials,
  listJobs,
  listNodes,
  readJob,
  releaseJobData,
  type Redis,
} from '@burla/queue'
import { existingJob } from '../existing-job.ts'
import { cancelBody, credentials, failure, idParams, jobSpec, jobStatus, listQuery } from '../schemas.ts'
import type { Server, ServerOptions } from '../server.ts'

export function jobRoutes(server: Server, { redis, redisAddress, clusterKey, history }: ServerOptions): void {
  server.post(
    '/v1/jobs',
    {
      schema: {
        summary: 'Makes a job and its Redis user; asking again gives the same answer',
        body: jobSpec,
        response: { 201: { type: 'object', properties: { credentials } }, '4xx': failure },
      },
    },
    async (request, reply) => {
      const spec: JobSpec = request.body
      const refusal = await whyRefused(redis, spec)
      // A repeated request whose first reply was lost: what was promised stays, also when nodes or functions have gone.
      if (refusal !== undefined && (await readJob(redis, spec.id)) === undefined) throw refusal
      if ((await createJob(redis, clusterKey, spec, { history })) === 'conflict') {
        throw new BurlaError('JOB_CONFLICT', `the job ${spec.id} exists already, with another function`)
      }
      return reply.code(201).send({ credentials: jobCredentials(clusterKey, spec.id, redisAddress) })
    },
  )

  server.get(
    '/v1/jobs',
    {
      schema: {
        summary: 'The newest jobs first',
        querystring: listQuery,
        response: {
          200: { type: 'object', properties: { jobs: { type: 'array', items: jobStatus } } },
          '4xx': failure,
        },
      },
    },
    async (request) => ({ jobs: await listJobs(redis, request.query.limit ?? listQuery.properties.limit.default) }),
  )

  server.get(
    '/v1/jobs/:id',
    { schema: { summary: 'One job', params: idParams, response: { 200: jobStatus, '4xx': failure } } },
    async (request) => existingJob(redis, request.params.id),
  )

  server.post(
    '/v1/jobs/:id/cancel',
    {
      schema: {
        summary: 'Ends a job; without effect when it has ended',
        params: idParams,
        body: cancelBody,
        response: { 204: { type: 'null' }, '4xx': failure },
      },
    },
    async (request, reply) => {
      const { id } = await existingJob(redis, request.params.id)
      await cancelJob(redis, id, request.body)
      return reply.code(204).send()
    },
  )

  server.delete(
    '/v1/jobs/:id',
    {
      schema: {
        summary: 'The client has all that it wants: what the job keeps can go',
        params: idParams,
        response: { 204: { type: 'null' }, '4xx': failure },
      },
    },
    async (request, reply) => {
      const { id } = await existingJob(redis, request.params.id)
      await releaseJobData(redis, id)
      return reply.code(204).send()
    },
  )
}

async function whyRefused(redis: Redis, spec: JobSpec): Promise<BurlaError | undefined> {
  const [stored, nodes] = await Promise.all([hasFunction(redis, spec.functionDigest), listNodes(redis)])
  if (!stored) {
    const path = `/v1/functions/${spec.functionDigest}`
    return new BurlaError(
      'FUNCTION_UNKNOWN',
      `this cluster does not have the function of ${spec.id}; PUT it to ${path}`,
    )
  }
  const there = nodes.filter((node) => node.state !== 'lost').map((node) => node.cpus)
  const largest = Math.max(...there)
  if (there.length > 0 && spec.call.cpus > largest) {
    return new BurlaError('NO_CAPACITY', `cpus: ${spec.call.cpus} was asked for; the largest node has ${largest}`)
  }
  return undefined
}
