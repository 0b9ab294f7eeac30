/** Which modules a captured function asks for by name, and from where: what its payload refers to, and what its texts say. */
import { isBuiltin } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Payload } from '../payload/payload.ts'

export interface PackageUse {
  /** `sharp`, `@scope/name/part`, or the path of a file in a package */
  specifier: string
  /** path of the file that asks */
  from: string
}

export function packageUses({ nodes, files, modules, setup }: Payload): PackageUse[] {
  const uses = new Map<string, PackageUse>()
  const add = (specifier: string, file: number) => {
    const use = { specifier: asPath(specifier), from: asPath(files[file] ?? '') }
    if (isOfPackage(use.specifier)) uses.set(JSON.stringify(use), use)
  }
  for (const node of nodes) {
    if (node.kind === 'import') add(node.reference.specifier, node.reference.file)
    if (node.kind !== 'function' && node.kind !== 'declaration') continue
    for (const specifier of namedIn(node.code.text)) add(specifier, node.code.file)
  }
  for (const { text, file } of modules) for (const specifier of namedIn(text)) add(specifier, file)
  for (const { specifier, file } of setup) add(specifier, file)
  return [...uses.values()]
}

/**
 * `import('x')`, which a shipped text has as a call of `$burla`, `require('x')` and, in modules, `from 'x'` and
 * `import 'x'`. One that only looks so is not found installed.
 */
function namedIn(text: string): string[] {
  const named =
    /(?:\bfrom|\bimport|(?:\bimport|\brequire|\brequire\.resolve|\$burla\w*|_dynamic_import__)\s*\()\s*(['"`])([^'"`\n]+)\1/g
  return Array.from(text.matchAll(named), ([, , specifier = '']) => specifier)
}

function isOfPackage(specifier: string): boolean {
  if (/[\\/]node_modules[\\/]/.test(specifier)) return true
  return packageName(specifier) !== undefined && !isBuiltin(specifier)
}

/** The name in `@scope/name/part`. */
export function packageName(specifier: string): string | undefined {
  return /^(?:@[a-z0-9~_-][\w.~-]*\/)?[a-z0-9~_-][\w.~-]*(?=\/|$)/i.exec(specifier)?.[0]
}

function asPath(specifier: string): string {
  return specifier.startsWith('file:') ? fileURLToPath(specifier.replace(/[?#].*$/, '')) : specifier
}
