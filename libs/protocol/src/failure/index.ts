export { encodeFailure } from './encode-failure.ts'
export { decodeFailure, withCallSite, type DecodeFailureOptions } from './decode-failure.ts'
export { summarizeFailure, type FailureSummary } from './summary.ts'
