/** `require` of a file is a function of Node's that knows its file. */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const { cache } = createRequire(process.execPath)

/** A file that `fn` requires from, when it is such a function. */
export function requireFile(fn: object): string | undefined {
  if (Object.getOwnPropertyDescriptor(fn, 'cache')?.value !== cache) return undefined
  const resolve = Object.getOwnPropertyDescriptor(fn, 'resolve')?.value as NodeJS.RequireResolve | undefined
  const [nearest] = resolve?.paths('x') ?? []
  return nearest === undefined ? undefined : join(dirname(nearest), '[require]')
}

/** What is loaded of CommonJS: file -> its module. */
export function loadedModules(): NodeJS.Dict<NodeJS.Module> {
  return cache
}
