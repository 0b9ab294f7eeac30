/** What a function finds by name where it runs: modules, `import()`, `import.meta` and `require` of its file. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, isAbsolute, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import vm from 'node:vm'
import { placeOfFile, type MountedLayer } from '@burla/protocol'
import { rememberOrigin } from '../origins.ts'
import { hiddenIntrinsics } from '../references/intrinsics.ts'
import { shippedModule } from './shipped-modules.ts'

let layer: MountedLayer | null = null
let standIns: Readonly<Record<string, string>> = {}

/** From now on modules are looked for in a layer, as from the place that stands for the file that asks. */
export function lookInLayer(mounted: MountedLayer | null): void {
  layer = mounted
}

/** From now on packages with these names are the modules at these addresses, whoever imports them. */
export function takeStandIns(byName: Readonly<Record<string, string>>): void {
  standIns = byName
}

/** The value at the end of `path`, of a module that is imported or required as if by `file`. */
export async function loadImport(
  { by, specifier, file }: { by: 'import' | 'require' | 'interop'; specifier: string; file: string },
  path: string[],
): Promise<unknown> {
  const found = shippedModule(specifier)?.url ?? standIns[specifier] ?? inLayer(specifier)
  const exported: unknown = by === 'import' ? await importerOf(file)(asUrl(found)) : requireOf(file)(found)
  const value = path.reduce(memberOf, by === 'interop' ? asNamespace(exported) : exported)
  rememberOrigin(value, { kind: 'import', by, specifier, file, path })
  return value
}

/** As bundlers make it of a CommonJS module. */
function asNamespace(exported: unknown): unknown {
  if (Object.hasOwn(Object(exported) as object, '__esModule')) return exported
  const namespace: object = Object.create(null) as object
  Object.defineProperties(namespace, Object.getOwnPropertyDescriptors(Object(exported) as object))
  return Object.defineProperty(namespace, 'default', { value: exported, enumerable: true, configurable: true })
}

/** What a tool imports by name from a CommonJS package may be only a member of its default export in Node. */
function memberOf(owner: unknown, name: string): unknown {
  const object = Object(owner) as Record<string, unknown>
  if (name in object || !('default' in object)) return object[name]
  return (Object(object['default']) as Record<string, unknown>)[name]
}

export function globalAt(path: string[]): unknown {
  const [first = '', ...rest] = path
  const start = path.length === 0 ? globalThis : (hiddenIntrinsics[first] ?? memberOf(globalThis, first))
  return rest.reduce<unknown>((owner, step) => {
    const accessor = /^(get|set) (.*)$/.exec(step)
    if (!accessor) return memberOf(owner, step)
    return Object.getOwnPropertyDescriptor(owner, accessor[2] ?? '')?.[accessor[1] as 'get' | 'set']
  }, start)
}

export function builtinAt(id: string, path: string[]): unknown {
  return path.reduce(memberOf, createRequire(process.execPath)(id))
}

export function metaOf(file: string): object {
  const path = pathOf(file)
  const meta = {
    url: path === undefined ? file : pathToFileURL(path).href,
    filename: path,
    dirname: path && dirname(path),
    resolve: (specifier: string) => pathToFileURL(requireOf(file).resolve(specifier)).href,
  }
  rememberOrigin(meta, { kind: 'meta', file })
  return meta
}

export function requireOf(file: string): NodeJS.Require {
  const require = createRequire(lookupPath(file))
  rememberOrigin(require, { kind: 'require', file })
  return require
}

/** `import()` as it is in that file. */
export function importerFor(file: string): (specifier: unknown, options?: ImportCallOptions) => Promise<unknown> {
  const path = pathOf(file)
  const importer = async (specifier: unknown, options?: ImportCallOptions) => {
    const asked = String(specifier)
    const address = /^\.{1,2}\//.test(asked) && path !== undefined ? new URL(asked, pathToFileURL(path)).href : asked
    return await importerOf(file)(
      shippedModule(address)?.url ?? standIns[asked] ?? asUrl(inLayer(asked), dirname(path ?? '')),
      options,
    )
  }
  rememberOrigin(importer, { kind: 'importer', file })
  return importer
}

function importerOf(file: string): (specifier: string, options?: ImportCallOptions) => Promise<unknown> {
  hushWarning()
  const filename = lookupPath(file)
  const importModuleDynamically = vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER
  return new vm.Script('(specifier, options) => import(specifier, options)', {
    filename,
    importModuleDynamically,
  }).runInThisContext() as never
}

/** vitest names modules by paths, some of them below its root, which is a folder above the file. */
function asUrl(specifier: string, from = '/'): string {
  if (!isAbsolute(specifier)) return specifier
  let path = specifier.replace(/^\/@fs\//, '/')
  for (let folder = from; !existsSync(path) && folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, specifier))) path = join(folder, specifier)
  }
  return pathToFileURL(path).href
}

/** The file from which what `file` asks for is looked for. */
function lookupPath(file: string): string {
  const path = pathOf(file)
  if (!layer) return path ?? join(process.cwd(), '[function]')
  return join(layer.root, placeOfFile(path ?? '', layer.folders))
}

export function lookupUrl(file: string): string {
  return pathToFileURL(lookupPath(file)).href
}

/** A file of a package, by its path at the caller's. */
function inLayer(specifier: string): string {
  const path = pathOf(specifier)?.replace(/^\/@fs\//, '/')
  if (!layer || path === undefined || !Object.keys(layer.folders).some((folder) => path.startsWith(folder)))
    return specifier
  return join(layer.root, placeOfFile(path, layer.folders))
}

function pathOf(file: string): string | undefined {
  if (file.startsWith('file:')) return fileURLToPath(file.replace(/[?#].*$/, ''))
  return isAbsolute(file) ? file : undefined
}

let hushed = false

/** Node warns once that the loader constant is experimental, on the user's stderr; it is spent here, unheard. */
function hushWarning(): void {
  if (hushed) return
  hushed = true
  const { emitWarning } = process
  process.emitWarning = () => undefined
  try {
    const options = { importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER }
    void new vm.Script("import('node:vm')", options).runInThisContext()
  } finally {
    process.emitWarning = emitWarning
  }
}
