/** Bytes of `captureFunction` in, a callable function out, in another process. */
import { BurlaError, type MountedLayer } from '@burla/protocol'
import { decodePayload } from '../payload/bytes.ts'
import { UnreadableText } from './evaluate.ts'
import { loadImport, lookInLayer, lookupUrl, takeStandIns } from './imports.ts'
import { Linker } from './link.ts'
import { takeModules } from './shipped-modules.ts'
import type { Payload } from '../payload/payload.ts'

export interface RestoreOptions {
  /** What stands for the names of `byName` here; asked for only where the function refers to one. */
  named?: () => Promise<ReadonlyMap<string, unknown>>
  /** Where packages are looked for, when the caller's files and packages are not here. One for all functions of a process. */
  layer?: MountedLayer | null
  /** Packages that are not looked for: their names, and the addresses of the modules that they are here. */
  standIns?: Readonly<Record<string, string>>
}

export type RestoredFunction = (input: unknown, index: number) => unknown

/**
 * The function as it was captured. Modules of `setup` are run first, and then what it imports is loaded: a module that is
 * missing or fails, or a declaration that fails when it is run again, rejects.
 */
export async function restoreFunction(
  bytes: Buffer,
  { named: readNamed, layer = null, standIns = {} }: RestoreOptions = {},
): Promise<RestoredFunction> {
  lookInLayer(layer)
  takeStandIns(standIns)
  const { payload, data, memory } = decodePayload(bytes)
  takeModules(payload, { lookupUrl, standIns })
  await runSetup(payload)
  const imports = new Map<number, unknown>()
  const loading = payload.nodes.map(async (node, id) => {
    if (node.kind !== 'import') return
    const { by, specifier, file } = node.reference
    imports.set(id, await loadImport({ by, specifier, file: payload.files[file] ?? '' }, node.path))
  })
  const refers = payload.nodes.some(({ kind }) => kind === 'named')
  const named = (refers && (await readNamed?.())) || new Map<string, unknown>()
  await Promise.all(loading)
  try {
    return (await new Linker({ payload, data, memory, imports, named }).link()) as RestoredFunction
  } catch (error) {
    throw error instanceof UnreadableText ? unreadable(error, payload) : error
  }
}

async function runSetup({ setup, files }: Payload): Promise<void> {
  for (const { name, specifier, file } of setup) {
    try {
      await loadImport({ by: 'import', specifier, file: files[file] ?? '' }, [])
    } catch (cause) {
      const why = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)
      throw new BurlaError('SETUP_FAILED', `the setup module '${name}' failed before the first call: ${why}`, { cause })
    }
  }
}

function unreadable(error: UnreadableText, { node }: Payload): BurlaError {
  return new BurlaError(
    'FUNCTION_NOT_PORTABLE',
    `Node ${process.version} cannot read the function, which was captured on Node ${node} (${error.message}); ` +
      'run it on a Node that is as new, or write it in older syntax',
    { cause: error.cause },
  )
}
