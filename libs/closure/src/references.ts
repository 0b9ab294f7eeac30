/** Values that are the same everywhere, and so travel by their name: globals, builtin modules, exports of packages. */
import { builtinModules, createRequire } from 'node:module'
import type { Import } from './payload.ts'

/** Objects whose methods people take apart: `const { max } = Math`. Others are not read, reading some loads them. */
const globalObjects = ['globalThis', 'Math', 'JSON', 'Reflect', 'Atomics', 'console', 'process']
const globalOwners = [...globalObjects, 'Object', 'Array', 'Number', 'String', 'Promise', 'Date', 'Symbol', 'BigInt']
const moreOwners = ['Buffer', 'URL', 'AbortSignal']

/**
 * The way to a value from `globalThis`: `['Math', 'max']`. What a program itself has put there is found as well, so
 * for a function this holds only when its code is Node's or V8's own.
 */
export function findGlobal(value: unknown): string[] | undefined {
  if (value === process.env) return ['process', 'env']
  if (typeof value !== 'function') {
    const name = globalObjects.find((each) => memberOf(globalThis, each) === value)
    return name === undefined ? undefined : [name]
  }
  const { name } = value
  if (name === '') return undefined
  if (memberOf(globalThis, name) === value) return [name]
  const owner = [...globalOwners, ...moreOwners].find((each) => memberOf(memberOf(globalThis, each), name) === value)
  return owner === undefined ? undefined : [owner, name]
}

function memberOf(owner: unknown, name: string): unknown {
  return (owner as Record<string, unknown>)[name]
}

/** Whether a script is Node's own or a package's: its functions are not copied, they rely on what is around them. */
export function isForeign(url: string): boolean {
  return url.startsWith('node:') || /[\\/]node_modules[\\/]/.test(url)
}

let builtins = new Map<unknown, Import>()
let builtinsOf = 0

/** The export of a builtin module, or the module itself. Only modules that are loaded can have made the value. */
export function findBuiltin(value: unknown): Import | undefined {
  const { moduleLoadList } = process as unknown as { moduleLoadList: string[] }
  if (builtinsOf !== moduleLoadList.length) {
    builtins = indexBuiltins(moduleLoadList)
    builtinsOf = moduleLoadList.length
  }
  return builtins.get(value)
}

function indexBuiltins(loaded: string[]): Map<unknown, Import> {
  const index = new Map<unknown, Import>()
  const require = createRequire(process.execPath)
  for (const entry of loaded) {
    const id = entry.replace(/^NativeModule /, '')
    if (id === entry || id.startsWith('_') || !builtinModules.includes(id)) continue
    const exported: unknown = require(id)
    const add = (value: unknown, path: string[]) => {
      if (isReferable(value) && !index.has(value)) {
        index.set(value, { kind: 'require', specifier: `node:${id}`, file: '', path })
      }
    }
    add(exported, [])
    for (const name of Object.keys(exported as object)) add(valueOf(exported as object, name), [name])
  }
  return index
}

function isReferable(value: unknown): boolean {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
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

/** Data properties only: getters of globals load modules and print warnings. */
function valueOf(owner: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(owner, name)?.value as unknown
}
