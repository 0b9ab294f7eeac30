/** Bytes of `captureFunction` in, a callable function out, in another process. */
import { decodePayload } from '../payload/bytes.ts'
import { loadImport } from './imports.ts'
import { Linker } from './link.ts'

export interface RestoreOptions {
  /** What stands for the names of `byName` here. */
  named?: ReadonlyMap<string, unknown>
}

export type RestoredFunction = (input: unknown, index: number) => unknown

/**
 * The function as it was captured. What it imports is loaded first: a module that is missing here, or a declaration that
 * fails when it is run again, rejects.
 */
export async function restoreFunction(
  bytes: Buffer,
  { named = new Map() }: RestoreOptions = {},
): Promise<RestoredFunction> {
  const { payload, data, memory } = decodePayload(bytes)
  const imports = new Map<number, unknown>()
  const loading = payload.nodes.map(async (node, id) => {
    if (node.kind !== 'import') return
    const { by, specifier, file } = node.reference
    if (by === 'local') return
    imports.set(id, await loadImport({ by, specifier, file: payload.files[file] ?? '' }, node.path))
  })
  await Promise.all(loading)
  return (await new Linker({ payload, data, memory, imports, named }).link()) as RestoredFunction
}
