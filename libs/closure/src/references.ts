/** Values that are the same everywhere, and so travel by their name: globals, builtin modules, exports of packages. */
import { builtinModules, createRequire } from 'node:module'
import type { Import } from './payload.ts'

let globals: Map<unknown, string[]> | undefined

/** The way to a value from `globalThis`: `['Math', 'max']`. For a function only when its code is Node's or V8's own. */
export function findGlobal(value: unknown): string[] | undefined {
  globals ??= indexGlobals()
  return globals.get(value)
}

/** Whether a script is Node's own or a package's: its functions are not copied, they rely on what is around them. */
export function isForeign(url: string): boolean {
  return url.startsWith('node:') || /[\\/]node_modules[\\/]/.test(url)
}

/** The export of a builtin module, or the module itself. Only modules that are loaded can have made the value. */
export function findBuiltin(value: unknown): Import | undefined {
  const { moduleLoadList } = process as unknown as { moduleLoadList: string[] }
  const require = createRequire(process.execPath)
  for (const entry of moduleLoadList) {
    const id = entry.replace(/^NativeModule /, '')
    if (id === entry || id.startsWith('_') || !builtinModules.includes(id)) continue
    const path = findExport(require(id), value)
    if (path) return { kind: 'require', specifier: `node:${id}`, file: '', path }
  }
  return undefined
}

/** The export of the package that the script at `file` belongs to, as seen from `from`. */
export function findPackageExport(value: unknown, file: string, from: string): Import | undefined {
  const specifier = /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(file)?.[1]?.replace('\\', '/')
  if (specifier === undefined) return undefined
  try {
    const path = findExport(createRequire(from)(specifier), value)
    return path && { kind: 'require', specifier, file: from, path }
  } catch {
    // not to be required from there: the caller says what to do instead
    return undefined
  }
}

function findExport(exported: unknown, value: unknown): string[] | undefined {
  if (exported === value) return []
  if (exported === null || (typeof exported !== 'object' && typeof exported !== 'function')) return undefined
  for (const [key, property] of Object.entries(Object.getOwnPropertyDescriptors(exported))) {
    if (property.value === value) return [key]
  }
  return undefined
}

const globalObjects = ['Math', 'JSON', 'Reflect', 'Atomics', 'Intl', 'console', 'process', 'globalThis', 'performance']

function indexGlobals(): Map<unknown, string[]> {
  const index = new Map<unknown, string[]>()
  for (const name of globalObjects) index.set((globalThis as unknown as Record<string, unknown>)[name], [name])
  index.set(process.env, ['process', 'env'])
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    const value = valueOf(globalThis, name)
    if (typeof value === 'function') index.set(value, [name])
  }
  for (const [owner, path] of Array.from(index)) {
    for (const name of Object.getOwnPropertyNames(owner)) {
      const value = valueOf(owner as object, name)
      if (typeof value === 'function' && !index.has(value)) index.set(value, [...path, name])
    }
  }
  return index
}

/** Data properties only: getters of globals load modules and print warnings. */
function valueOf(owner: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(owner, name)?.value as unknown
}
