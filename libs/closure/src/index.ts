export { captureFunction, type CapturedFunction } from './capture.ts'
export { restoreFunction } from './restore.ts'
