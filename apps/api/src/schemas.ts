/**
 * What crosses the api's border, said once: as JSON Schema it is the validation and the OpenAPI document, and through
 * TypeBox's `XStatic` the types. TypeBox's builder (`Type.Object(...)`) makes the same schemas, but loading it takes
 * 100 ms, of 150 ms until the api listens; types alone cost nothing.
 */
import {
  historyFailures,
  historyInputs,
  inputStates,
  jobStates,
  longestRetentionMs,
  mostListedJobs,
  mostPackages,
  packageSpec,
} from '@burla/protocol'
import type { FastifyTypeProvider } from 'fastify'
import type { XSchema, XStatic } from 'typebox/schema'

/** Derives the types of a handler's request from the schemas of its route. */
export interface SchemaTypes extends FastifyTypeProvider {
  validator: this['schema'] extends XSchema ? XStatic<this['schema']> : unknown
}

export const count = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const
export const time = { type: 'integer', minimum: 0, description: 'epoch ms' } as const
const timeOrNull = { type: ['integer', 'null'], minimum: 0, description: 'epoch ms' } as const

export const digestParams = {
  type: 'object',
  required: ['digest'],
  properties: { digest: { type: 'string', pattern: '^[0-9a-f]{64}$', description: 'sha256 of the bytes, in hex' } },
} as const satisfies XSchema

export const idParams = {
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'string' } },
} as const satisfies XSchema

export const listQuery = {
  type: 'object',
  additionalProperties: false,
  properties: {
    limit: { type: 'integer', minimum: 1, maximum: mostListedJobs, default: 100 },
    state: { enum: jobStates },
  },
} as const satisfies XSchema

export const inputsQuery = {
  type: 'object',
  additionalProperties: false,
  properties: {
    state: { enum: inputStates },
    limit: { type: 'integer', minimum: 1, maximum: historyInputs, default: 100 },
  },
} as const satisfies XSchema

export const failuresQuery = {
  type: 'object',
  additionalProperties: false,
  properties: { limit: { type: 'integer', minimum: 1, maximum: historyFailures, default: historyFailures } },
} as const satisfies XSchema

export const linesQuery = {
  type: 'object',
  additionalProperties: false,
  properties: {
    input: { ...count, description: 'only what the calls for this input printed' },
    follow: { type: 'boolean', default: false, description: 'go on until the job is over' },
  },
} as const satisfies XSchema

export const jobSpec = {
  type: 'object',
  additionalProperties: false,
  required: ['id', 'kind', 'name', 'functionDigest', 'known', 'call', 'packages', 'clientGraceMs', 'retentionMs'],
  properties: {
    id: { type: 'string', format: 'job-id', description: 'chosen by the client, so that asking twice makes one job' },
    parent: {
      type: 'object',
      description: 'the call that it is started in; asked for with the token of that job',
      additionalProperties: false,
      required: ['jobId', 'input', 'call'],
      properties: {
        jobId: { type: 'string', format: 'job-id' },
        input: count,
        call: { type: 'string', maxLength: 100 },
      },
    },
    kind: { enum: ['attached', 'submitted'], description: 'whether it ends with its client or runs on' },
    name: { type: 'string', minLength: 1, maxLength: 200 },
    functionDigest: { type: 'string', pattern: '^[0-9a-f]{64}$' },
    known: { ...count, description: 'inputs known so far' },
    call: {
      type: 'object',
      additionalProperties: false,
      required: ['cpus', 'memoryGiB', 'image', 'maxParallelism', 'retries', 'retryDelayMs', 'timeoutMs', 'env'],
      properties: {
        cpus: { type: 'number', exclusiveMinimum: 0 },
        memoryGiB: { type: ['number', 'null'], exclusiveMinimum: 0 },
        image: { type: ['string', 'null'], pattern: '^\\w[\\w./:@-]*$', maxLength: 400 },
        maxParallelism: { type: ['integer', 'null'], minimum: 1 },
        retries: count,
        retryDelayMs: { type: 'number', minimum: 0 },
        timeoutMs: { type: ['number', 'null'], exclusiveMinimum: 0 },
        env: {
          type: 'object',
          propertyNames: { type: 'string', pattern: '^[^=\\u0000]+$' },
          additionalProperties: { type: 'string', pattern: '^[^\\u0000]*$' },
        },
      },
    },
    packages: {
      type: 'array',
      maxItems: mostPackages,
      description: 'npm packages besides those that the function shows, as name or name@1.2.3',
      items: { type: 'string', pattern: packageSpec.source, maxLength: 300 },
    },
    layer: {
      type: 'string',
      pattern: '^[0-9a-f]{64}$',
      description: 'digest of the list of all packages that the function needs, which is kept like a function',
    },
    clientGraceMs: { ...count, minimum: 1, description: 'how long a silent client is waited for' },
    retentionMs: {
      type: 'integer',
      minimum: 0,
      maximum: longestRetentionMs,
      description: "how long a submitted job's results are kept after its end",
    },
  },
} as const satisfies XSchema

export const heartbeatBody = {
  type: 'object',
  additionalProperties: false,
  required: ['jobs'],
  properties: { jobs: { type: 'array', maxItems: 10_000, items: { type: 'string', format: 'job-id' } } },
} as const satisfies XSchema

export const unknownJobs = {
  type: 'object',
  properties: {
    unknown: { type: 'array', items: { type: 'string' }, description: 'those that do not exist, or need no client' },
  },
} as const

export const cancelBody = {
  type: 'object',
  additionalProperties: false,
  required: ['outcome', 'reason'],
  properties: {
    outcome: { enum: ['cancelled', 'failed'], description: 'the state that the job ends in' },
    reason: { type: 'string', minLength: 1, maxLength: 10_000 },
  },
} as const satisfies XSchema

export const credentials = {
  type: 'object',
  description: 'a Redis user that reaches this job and nothing else',
  properties: {
    jobId: { type: 'string' },
    redis: { type: 'object', additionalProperties: true },
    username: { type: 'string' },
    password: { type: 'string' },
  },
} as const

export const jobStatus = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    parentId: { type: ['string', 'null'], description: 'the job in one of whose calls it was started' },
    kind: { enum: ['attached', 'submitted'] },
    name: { type: 'string' },
    state: { enum: jobStates },
    inputs: {
      type: 'object',
      properties: { known: count, waiting: count, running: count, completed: count, failed: count },
    },
    nodes: count,
    slots: count,
    reason: { type: ['string', 'null'] },
    createdAt: time,
    startedAt: timeOrNull,
    finishedAt: timeOrNull,
    keptUntilAt: { ...timeOrNull, description: 'epoch ms; until when the results of a submitted job are kept' },
  },
} as const

export const inputRecords = {
  type: 'object',
  properties: {
    inputs: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          index: count,
          state: { enum: inputStates },
          attempts: { ...count, description: 'ended so far' },
          durationMs: { type: ['number', 'null'], description: 'of the last attempt, in the function' },
          nodeId: { type: ['string', 'null'] },
          startedAt: timeOrNull,
          finishedAt: timeOrNull,
        },
      },
    },
    cut: { ...count, description: 'so many older ones have finished of which no record is kept' },
  },
} as const

export const failureRecords = {
  type: 'object',
  properties: {
    failures: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          index: count,
          name: { type: 'string', description: "the error's class or name" },
          message: { type: 'string', description: 'cut at 1 KiB' },
          attempts: count,
          finishedAt: time,
        },
      },
    },
    cut: { ...count, description: 'so many more failed later' },
  },
} as const

export const sessionCode = {
  type: 'object',
  properties: { code: { type: 'string' }, expiresAt: time },
} as const

export const sessionBody = {
  type: 'object',
  additionalProperties: false,
  required: ['code'],
  properties: { code: { type: 'string', maxLength: 100 } },
} as const satisfies XSchema

export const failure = {
  type: 'object',
  properties: {
    error: { type: 'object', properties: { code: { type: 'string' }, message: { type: 'string' } } },
  },
} as const
