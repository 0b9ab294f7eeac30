export type { MapOptions } from './map-options.ts'
export { resolveMapOptions, type ResolvedOptions } from './resolve.ts'
