/** Which variables at the top of modules are the same: an import is the variable that it imports. */
import { dirname, join } from 'node:path'
import type { Script } from '../inspect/scripts.ts'
import { isLocal, readSourceFile } from '../references/source-file.ts'
import type { Mention } from './boxes.ts'

export class ModuleVariables {
  /** scripts in which a variable is assigned, by path without extension: imports may be written with another one */
  readonly #assigning = new Map<string, Script>()

  constructor(assigned: Mention[]) {
    for (const { scope, draft } of assigned) {
      const { script } = draft.place
      if (scope.kind === 'Module' && script?.file) this.#assigning.set(withoutExtension(script.file), script)
    }
  }

  /** The same for all mentions of one variable; undefined for a variable that is not at the top of a module. */
  keyOf({ scope, draft, name }: Mention): string | undefined {
    const { script } = draft.place
    if (scope.kind !== 'Module' || !script) return undefined
    return this.keyOfImport(script, name) ?? keyIn(script, name)
  }

  /** For an import of a variable that is assigned; `member` is one of the namespace that is imported. */
  keyOfImport(script: Script, name: string, member?: string): string | undefined {
    const imported = this.#assigning.size > 0 ? readSourceFile(script).imports.get(name) : undefined
    if (!imported || !isLocal(imported) || !script.file) return undefined
    const path = join(/^[./]/.test(imported.specifier) ? dirname(script.file) : '', imported.specifier)
    const exporter = this.#assigning.get(
      withoutExtension(imported.specifier.startsWith('/') ? imported.specifier : path),
    )
    const exported = imported.path[0] ?? member
    const local = exporter && exported !== undefined ? readSourceFile(exporter).exports.get(exported) : undefined
    return exporter && local !== undefined ? keyIn(exporter, local) : undefined
  }
}

export function groupBy<T, K>(all: T[], keyOf: (each: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const each of all) {
    const key = keyOf(each)
    const group = groups.get(key)
    if (group) group.push(each)
    else groups.set(key, [each])
  }
  return groups
}

function keyIn({ id }: Script, name: string): string {
  return `${id} ${name}`
}

function withoutExtension(path: string): string {
  return path.replace(/\.[cm]?[jt]sx?$/, '')
}
