export * from './faults.ts'
export * from './leftovers.ts'
export * from './until.ts'
export * from './use-redis.ts'
