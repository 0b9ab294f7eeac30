export { captureFunction, type CapturedFunction, type CaptureOptions } from './capture.ts'
export { restoreFunction, type RestoreOptions } from './restore.ts'
