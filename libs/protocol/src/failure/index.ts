export { encodeFailure } from './encode-failure.ts'
export { errorClassesByNames, type ErrorClass } from '../values/error-parts.ts'
export { decodeFailure, withCallSite, type DecodeFailureOptions } from './decode-failure.ts'
export { summarizeFailure, type FailureSummary } from './summary.ts'
