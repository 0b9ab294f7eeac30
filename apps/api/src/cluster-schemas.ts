/** Nodes and the cluster as they cross the api's border; see `schemas.ts`. */
import { liveJobStates, nodeStates } from '@burla/protocol'
import type { XSchema } from 'typebox/schema'
import { count, time } from './schemas.ts'

const mostListedNodes = 10_000

export const node = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    state: { enum: nodeStates },
    cpus: { type: 'number' },
    memoryGiB: { type: 'number' },
    containers: { type: 'boolean', description: 'jobs may have an image of their own' },
    jobId: { type: ['string', 'null'] },
    running: { ...count, description: 'calls under way' },
    fault: { type: ['string', 'null'], description: 'why it cannot start a runner' },
    warm: { type: 'boolean', description: 'the next job starts in milliseconds' },
    provider: { type: 'string' },
    startedAt: time,
    lastSeenAt: time,
  },
} as const

export const nodesQuery = {
  type: 'object',
  additionalProperties: false,
  properties: { limit: { type: 'integer', minimum: 1, maximum: mostListedNodes, default: mostListedNodes } },
} as const satisfies XSchema

const counted = (names: readonly string[]) => ({
  type: 'object',
  properties: Object.fromEntries(names.map((name) => [name, count])),
})

export const clusterStatus = {
  type: 'object',
  properties: {
    nodes: counted(nodeStates),
    cpus: { type: 'number', description: 'of all nodes that are not lost' },
    jobs: counted(liveJobStates),
  },
} as const
