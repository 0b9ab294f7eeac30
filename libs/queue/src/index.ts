/**
 * The only code that talks to Redis and BullMQ. What needs BullMQ's Worker is the runner's and stands apart
 * (`@burla/queue/source`), so that the api and the agents do not load it.
 */
export * from './bell.ts'
export * from './claims.ts'
export * from './connection.ts'
export * from './functions.ts'
export type { EncodedInput, InputData } from './input-data.ts'
export * from './job-connection.ts'
export * from './job-history.ts'
export * from './job-user.ts'
export * from './job-view.ts'
export * from './job-token.ts'
export * from './jobs.ts'
export * from './keeper.ts'
export * from './nodes.ts'
export * from './patience.ts'
export * from './queue-view.ts'
export * from './rehearsal.ts'
export * from './scripts.ts'
export * from './trees.ts'
