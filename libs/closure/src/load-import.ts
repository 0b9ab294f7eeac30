/** What an imported variable stands for, loaded where the function runs. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { isAbsolute, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import vm from 'node:vm'
import type { Import } from './payload.ts'

export async function loadImport({ kind, specifier, file, path }: Import): Promise<unknown> {
  const exported = await load(kind, specifier, file)
  return path.reduce<unknown>((owner, name) => (owner as Record<string, unknown>)[name], exported)
}

async function load(kind: Import['kind'], specifier: string, file: string): Promise<unknown> {
  switch (kind) {
    case 'require': {
      const require = createRequire(file || process.execPath)
      return specifier === '' ? require : require(specifier)
    }
    case 'import':
      return importerOf(file)(asUrl(specifier))
    case 'dynamic':
      return (asked: string) => importerOf(file)(asUrl(asked, specifier))
  }
}

/** The option that makes `import()` in a vm script resolve from the script's file, as in any module. */
export function importFrom() {
  hushWarning()
  return vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER
}

function importerOf(file: string): (specifier: string) => Promise<unknown> {
  const options = { filename: file, importModuleDynamically: importFrom() }
  return new vm.Script('(specifier) => import(specifier)', options).runInThisContext() as never
}

/** vitest names modules by paths, some of them below its root. */
function asUrl(specifier: string, root = '/'): string {
  if (!isAbsolute(specifier)) return specifier
  const path = specifier.replace(/^\/@fs\//, '/')
  return pathToFileURL(existsSync(path) ? path : join(root, path)).href
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
