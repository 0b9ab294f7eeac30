import { join } from 'node:path'

export const root = join(import.meta.dirname, '../..')
/** The package that is published. */
export const sdk = join(root, 'libs/sdk')
export const dist = join(sdk, 'dist')
