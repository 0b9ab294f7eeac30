/**
 * The way to a value that belongs to a package: an export of it, found by identity. Nothing is loaded to find out; the
 * value is here, so the package is loaded.
 */
import { pathToFileURL } from 'node:url'
import { types } from 'node:util'
import type { Inspector } from '../inspect/inspector.ts'
import { inspectFunction, scriptOf, type Scope, type Script } from '../inspect/scripts.ts'
import { isNative, type AnyFunction } from '../text/parse.ts'
import { loadedModules } from './require.ts'
import { isInPackage, isLocal, readSourceFile, type ImportedBy } from './source-file.ts'

export interface PackageReference {
  by: ImportedBy
  specifier: string
  /** the file that the specifier is resolved from */
  from: string
  path: string[]
}

/** Whether a script is Node's own or a package's: its functions are not copied, they rely on what is around them. */
export function isForeign(url: string): boolean {
  return url.startsWith('node:') || isInPackage(url)
}

/** What a file imports does not change while it is loaded. */
const importsOf = new WeakMap<Script, Map<unknown, PackageReference>>()

export class PackageReferences {
  readonly #inspector: Inspector
  readonly #scripts = new Map<Script, Scope[]>()

  constructor(inspector: Inspector) {
    this.#inspector = inspector
  }

  /** Makes the imports of a file known, as V8 shows them around one of its functions. */
  note(script: Script, scopes: Scope[]): void {
    if (!this.#scripts.has(script)) this.#scripts.set(script, scopes)
  }

  find(value: object): PackageReference | undefined {
    for (const imports of this.#imports()) {
      const found = imports.get(value)
      if (found) return found
    }
    return typeof value === 'function' ? this.#findByFile(value as AnyFunction) : undefined
  }

  /** The files that the function and what it uses are written in. */
  scripts(): Iterable<Script> {
    return this.#scripts.keys()
  }

  /** What the files of the function import from packages, and what is exported there. */
  *members(): Generator<unknown> {
    for (const imports of this.#imports()) yield* imports.keys()
  }

  *#imports(): Generator<Map<unknown, PackageReference>> {
    for (const [script, scopes] of this.#scripts) {
      const imports = importsOf.get(script) ?? readImports(script, scopes)
      importsOf.set(script, imports)
      yield imports
    }
  }

  /** By the file that the function is written in: what that file exports. */
  #findByFile(fn: AnyFunction): PackageReference | undefined {
    if (isNative(fn)) return undefined
    const { scriptId, scopes } = inspectFunction(this.#inspector, fn)
    const script = scriptOf(this.#inspector, scriptId)
    if (!script?.file || !isInPackage(script.file)) return undefined
    return script.isModule ? exportOfModule(fn, script, scopes) : exportOfCommonJs(fn, script.file)
  }
}

function readImports(script: Script, scopes: Scope[]): Map<unknown, PackageReference> {
  const found = new Map<unknown, PackageReference>()
  for (const [name, imported] of readSourceFile(script).imports) {
    const scope = scopes.find(({ variables }) => Object.hasOwn(variables, name))
    if (!scope || isLocal(imported)) continue
    const { by, specifier, path } = imported
    for (const [member, way] of membersOf(valueOf(scope.variables, name), 2)) {
      if (!found.has(member)) found.set(member, { by, specifier, from: script.url, path: [...path, ...way] })
    }
  }
  return found
}

function exportOfModule(fn: AnyFunction, script: Script, scopes: Scope[]): PackageReference | undefined {
  const top = scopes.find(({ kind }) => kind === 'Module')?.variables ?? {}
  for (const [exported, local] of readSourceFile(script).exports) {
    const isSame = Object.hasOwn(top, local) ? valueOf(top, local) === fn : local !== '' && local === fn.name
    if (isSame) return { by: 'import', specifier: script.url, from: script.url, path: [exported] }
  }
  return undefined
}

function exportOfCommonJs(fn: AnyFunction, file: string): PackageReference | undefined {
  const modules = loadedModules()
  const folder = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+[\\/]/.exec(file)?.[0] ?? file
  const candidates = [file, ...Object.keys(modules).filter((each) => each.startsWith(folder))]
  for (const candidate of candidates) {
    for (const [member, path] of membersOf(modules[candidate]?.exports, 2)) {
      const from = pathToFileURL(candidate).href
      if (member === fn) return { by: 'require', specifier: candidate, from, path }
    }
  }
  return undefined
}

/** A value and the objects and functions in it, with the way to each. Getters are passed over. */
function* membersOf(value: unknown, depth: number, path: string[] = []): Generator<[unknown, string[]]> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || types.isProxy(value)) return
  yield [value, path]
  if (depth === 0 || ArrayBuffer.isView(value) || Array.isArray(value)) return
  for (const key of Object.getOwnPropertyNames(value)) {
    if (key !== 'prototype' && !key.startsWith('_')) yield* membersOf(valueOf(value, key), depth - 1, [...path, key])
  }
}

function valueOf(owner: object, name: string): unknown {
  try {
    return Object.getOwnPropertyDescriptor(owner, name)?.value
  } catch {
    // an export whose declaration has not run
    return undefined
  }
}
