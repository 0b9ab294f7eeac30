/** Jobs are made, read and ended here; their inputs and results travel through Redis only. */
import { BurlaError, deepestJob, whyNoneFits, type JobId, type JobSpec } from '@burla/protocol'
import {
  cancelJob,
  createJob,
  hasFunction,
  hasLayer,
  jobCredentials,
  listJobs,
  listJobsBelow,
  listNodes,
  readJob,
  releaseJobData,
  type Made,
  type Redis,
} from '@burla/queue'
import { existingJob } from '../existing-job.ts'
import type { Presence } from '../presence.ts'
import { cancelBody, credentials, failure, idParams, jobSpec, jobStatus, listQuery } from '../schemas.ts'
import type { Server, ServerOptions } from '../server.ts'

export function jobRoutes(
  server: Server,
  {
    redis,
    redisAddress,
    publicRedis = redisAddress,
    clusterKey,
    history,
    presence,
  }: ServerOptions & { presence: Presence },
): void {
  server.post(
    '/v1/jobs',
    {
      config: { functions: true },
      schema: {
        summary: 'Makes a job and its Redis user; asking again gives the same answer',
        body: jobSpec,
        response: { 201: { type: 'object', properties: { credentials } }, '4xx': failure },
      },
    },
    async (request, reply) => {
      const spec: JobSpec = request.body
      checkParent(spec, request.askingJob)
      const refusal = await whyRefused(redis, spec)
      // A repeated request whose first reply was lost: what was promised stays, also when nodes or functions have gone.
      if (refusal !== undefined && (await readJob(redis, spec.id)) === undefined) throw refusal
      const made = await createJob(redis, clusterKey, spec, { history })
      if (made !== 'created' && made !== 'same') throw notMade(spec, made)
      // A job inside a call ends with the call.
      if (!spec.parent) presence.heard(request.raw.socket, [spec.id])
      // A function is inside, a program outside.
      const address = request.askingJob === null ? publicRedis : redisAddress
      return reply.code(201).send({ credentials: jobCredentials(clusterKey, spec.id, address) })
    },
  )

  server.get(
    '/v1/jobs',
    {
      config: { functions: true },
      schema: {
        summary: 'The newest jobs first',
        querystring: listQuery,
        response: {
          200: { type: 'object', properties: { jobs: { type: 'array', items: jobStatus } } },
          '4xx': failure,
        },
      },
    },
    async ({ query: { limit = listQuery.properties.limit.default, state }, askingJob }) => {
      const asked = { limit, ...(state === undefined ? {} : { state }) }
      return { jobs: await (askingJob === null ? listJobs(redis, asked) : listJobsBelow(redis, askingJob, asked)) }
    },
  )

  server.get(
    '/v1/jobs/:id',
    {
      config: { functions: true },
      schema: { summary: 'One job', params: idParams, response: { 200: jobStatus, '4xx': failure } },
    },
    async (request) => existingJob(redis, request.params.id, request.askingJob),
  )

  server.post(
    '/v1/jobs/:id/cancel',
    {
      config: { functions: true },
      schema: {
        summary: 'Ends a job; without effect when it has ended',
        params: idParams,
        body: cancelBody,
        response: { 204: { type: 'null' }, '4xx': failure },
      },
    },
    async (request, reply) => {
      const { id } = await existingJob(redis, request.params.id, request.askingJob)
      await cancelJob(redis, id, request.body)
      return reply.code(204).send()
    },
  )

  server.delete(
    '/v1/jobs/:id',
    {
      config: { functions: true },
      schema: {
        summary: 'The client has all that it wants: what the job keeps can go',
        params: idParams,
        response: { 204: { type: 'null' }, '4xx': failure },
      },
    },
    async (request, reply) => {
      const { id } = await existingJob(redis, request.params.id, request.askingJob)
      presence.forget(id)
      await releaseJobData(redis, id)
      return reply.code(204).send()
    },
  )
}

/** Who asks is the parent, or has none. */
function checkParent({ kind, parent }: JobSpec, askingJob: JobId | null): void {
  if ((parent?.jobId ?? null) !== askingJob) {
    throw new BurlaError('FORBIDDEN', 'a job is started inside a call only with the token of the job of that call')
  }
  if (parent && kind === 'submitted') {
    throw new BurlaError(
      'NOT_SUPPORTED',
      'a job that was started inside a call ends with it; use burla.map or the like',
    )
  }
}

function notMade({ id, parent }: JobSpec, why: Exclude<Made, 'created' | 'same'>): BurlaError {
  switch (why) {
    case 'conflict':
      return new BurlaError('JOB_CONFLICT', `the job ${id} exists already, with another function`)
    case 'parent over':
      return new BurlaError(
        'JOB_CANCELLED',
        `the job ${id} was not started: job ${parent?.jobId}, in which it was, is over`,
      )
    case 'too deep':
      return new BurlaError(
        'NOT_SUPPORTED',
        `the job ${id} was not started: jobs inside calls of jobs are ${deepestJob} deep at most. Does the function call itself without an end?`,
      )
  }
}

async function whyRefused(redis: Redis, spec: JobSpec): Promise<BurlaError | undefined> {
  const [stored, layerStored, nodes] = await Promise.all([
    hasFunction(redis, spec.functionDigest),
    spec.layer === undefined || hasLayer(redis, spec.layer),
    listNodes(redis),
  ])
  if (!stored) {
    const path = `/v1/functions/${spec.functionDigest}`
    return new BurlaError(
      'FUNCTION_UNKNOWN',
      `this cluster does not have the function of ${spec.id}; PUT it to ${path}`,
    )
  }
  if (!layerStored) {
    return new BurlaError(
      'FUNCTION_UNKNOWN',
      `this cluster does not have the list ${spec.layer} of the packages of ${spec.id}, or not all of their files; PUT them to /v1/functions`,
    )
  }
  const there = nodes.filter((node) => node.state !== 'lost')
  const reason = there.length > 0 ? whyNoneFits(there, spec.call) : undefined
  return reason === undefined ? undefined : new BurlaError('NO_CAPACITY', reason)
}
