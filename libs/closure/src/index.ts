export { captureFunction, type CapturedFunction, type CaptureOptions } from './capture/capture.ts'
export { restoreFunction, type RestoredFunction, type RestoreOptions } from './restore/restore.ts'
export { collectPackages, type CollectedPackages } from './packages/collect.ts'
export type { PackageUse } from './packages/uses.ts'
