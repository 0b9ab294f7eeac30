/**
 * What the free names of a text stand for. In this order: a variable around it, as V8 shows it; what the program has put
 * on `globalThis`; an import or a declaration of the file that V8 does not keep because no function uses it. Any other
 * name is left alone: it means there what it means everywhere.
 */
import { builtinModules } from 'node:module'
import { types } from 'node:util'
import type { Scope, Script } from '../inspect/scripts.ts'
import type { Cell, Node } from '../payload/payload.ts'
import { isStandardGlobal } from '../references/intrinsics.ts'
import { isLocal, readSourceFile } from '../references/source-file.ts'
import { freshName, replacing } from '../text/edits.ts'
import type { FreeVariable, FreeVariables } from '../text/free-variables.ts'
import { shareVariables, type Mention } from './boxes.ts'
import { finishDraft, type Draft } from './draft.ts'
import type { Graph } from './graph.ts'
import { isNamespace, Namespaces } from './namespaces.ts'
import { readVariable } from './read-variable.ts'
import { variableTrail } from './refusals.ts'

/** What vitest writes for `import()` and `import.meta`. */
const viteDynamicImport = '__vite_ssr_dynamic_import__'
const viteMeta = '__vite_ssr_import_meta__'

export class Variables {
  readonly globals: Record<string, Cell> = {}
  readonly namespaces: Namespaces
  readonly #graph: Graph
  readonly #drafts: Draft[] = []
  readonly #mentions: Mention[] = []
  /** `import.meta` and the like, one of each for a file */
  readonly #ofFiles = new Map<string, Cell>()

  constructor(graph: Graph) {
    this.#graph = graph
    this.namespaces = new Namespaces(graph)
  }

  bind(draft: Draft, free: FreeVariables): void {
    this.#drafts.push(draft)
    this.#replaceMetas(draft, free)
    this.#replaceImports(draft, free)
    for (const [name, variable] of free.names) {
      if (Object.hasOwn(draft.variables, name)) continue
      const cell = this.#cellFor(draft, name, variable)
      if (cell !== undefined) draft.variables[name] = cell
    }
  }

  /** Last of all: which variables are shared by several functions is known when all of them are. */
  settle(): void {
    shareVariables(this.#graph, this.#mentions, this.namespaces)
    for (const draft of this.#drafts) finishDraft(draft)
  }

  #cellFor(draft: Draft, name: string, variable: FreeVariable): Cell | undefined {
    const { scopes, trail, place } = draft
    const at = scopes.findIndex(({ variables }) => Object.hasOwn(variables, name))
    const scope = scopes[at]
    if (!scope) return this.#cellBeyondScopes(draft, name, variable)
    if (name === viteDynamicImport) return this.#ofFile(draft, 'importer')
    if (name === viteMeta) return this.#ofFile(draft, 'meta')
    const held = readVariable(scope, name)
    const mention: Mention = { draft, name, variable, scope }
    this.#mentions.push(mention)
    if (!held) {
      draft.unset.push(name)
      return undefined
    }
    mention.held = held
    const script = isTopLevel(scopes, at) ? place.script : undefined
    const way = variableTrail(trail, name, script)
    const wrapped = this.#wrappedPackage(draft, name, held.value, variable)
    if (wrapped !== undefined) return wrapped
    if (!variable.members || !isNamespace(held.value) || this.#isWhole(held.value, variable.members)) {
      return this.#graph.cellOf(held.value, way)
    }
    return this.namespaces.cellOf(held.value, variable.members, way, script && { script, name })
  }

  /** A package travels as a reference, unless something of it that is used has a name. */
  #isWhole(namespace: object, members: Iterable<string>): boolean {
    if (this.#graph.isNamed(namespace)) return true
    if (this.#graph.packages.find(namespace) === undefined) return false
    const used = [...members].map((member) => Object.getOwnPropertyDescriptor(namespace, member)?.value as object)
    return !used.some((each) => this.#graph.isNamed(each))
  }

  /** vitest gives the namespace of a package in a Proxy, which only its import can make again. */
  #wrappedPackage(draft: Draft, name: string, value: unknown, { members }: FreeVariable): Cell | undefined {
    if (!types.isProxy(value) || !draft.place.script) return undefined
    const target = this.#graph.behindProxy(value as object)
    const used = [...(members ?? [])].map((member) => Object.getOwnPropertyDescriptor(target, member)?.value as object)
    if (used.some((each) => this.#graph.isNamed(each))) return this.namespaces.cellOf(target, members, draft.trail)
    return this.#importCell(draft, draft.place.script, name)
  }

  #cellBeyondScopes(draft: Draft, name: string, { members }: FreeVariable): Cell | undefined {
    if (name === 'globalThis' || name === 'global') {
      for (const member of members ?? []) this.#addGlobal(member, draft)
      return undefined
    }
    if (Object.hasOwn(globalThis, name)) return this.#addGlobal(name, draft)
    return draft.place.script && this.#namedInFile(draft, draft.place.script, name)
  }

  /** By what the file says of a name: its import, or its declaration, which is run again. */
  #namedInFile(draft: Draft, script: Script, name: string): Cell | undefined {
    const imported = this.#importCell(draft, script, name)
    return imported ?? this.#graph.declarations.cellOf(script, name, variableTrail(draft.trail, name))
  }

  #importCell(draft: Draft, script: Script, name: string): Cell | undefined {
    const imported = readSourceFile(script).imports.get(name)
    if (!imported || isLocal(imported)) return undefined
    const { by, specifier, path } = imported
    const file = this.#graph.files.place(script.url)
    return this.#graph.addNode({ kind: 'import', reference: { by, specifier, file }, path }, draft.trail)
  }

  /** In the REPL, builtin modules are globals too; elsewhere they are not. */
  #addGlobal(name: string, draft: Draft): Cell | undefined {
    const property = Object.getOwnPropertyDescriptor(globalThis, name)
    const trail = variableTrail(draft.trail, name)
    if (property?.get && builtinModules.includes(name)) {
      return this.#graph.addNode({ kind: 'builtin', id: name, path: [] }, trail)
    }
    if (isStandardGlobal(name) || !property || !('value' in property)) return undefined
    // taken before it is followed, because the way may lead back here
    if (!Object.hasOwn(this.globals, name)) {
      this.globals[name] = null
      this.globals[name] = this.#graph.cellOf(property.value, trail)
    }
    return undefined
  }

  #replaceMetas(draft: Draft, { metas }: FreeVariables): void {
    if (metas.length === 0) return
    const name = freshName('$burla_meta', draft.identifiers)
    for (const meta of metas) draft.edits.push(replacing(meta, name, draft.source))
    draft.variables[name] = this.#ofFile(draft, 'meta')
  }

  #replaceImports(draft: Draft, { imports }: FreeVariables): void {
    if (imports.length === 0) return
    const name = freshName('$burla', draft.identifiers)
    for (const { start } of imports) draft.edits.push({ start, end: start + 'import'.length, text: name })
    draft.variables[name] = this.#ofFile(draft, 'importer')
  }

  #ofFile({ place, trail }: Draft, kind: 'meta' | 'importer'): Cell {
    const file = place.script?.url ?? ''
    const key = `${kind} ${file}`
    const known = this.#ofFiles.get(key)
    if (known !== undefined) return known
    const node: Node = { kind, file: this.#graph.files.place(file) }
    const cell = this.#graph.addNode(node, trail)
    this.#ofFiles.set(key, cell)
    return cell
  }
}

/** A module has a scope of that name; a CommonJS file and one of vitest's are functions, with nothing around them. */
function isTopLevel(scopes: Scope[], at: number): boolean {
  return scopes[at]?.kind === 'Module' || at >= scopes.length - 2
}
