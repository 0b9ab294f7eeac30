export { checkOptions, type Rules } from './check.ts'
export type { MapOptions } from './map-options.ts'
export { resolveMapOptions, type ResolvedOptions } from './resolve.ts'
export { anyOf, anyText, wholeNumber } from './rules.ts'
