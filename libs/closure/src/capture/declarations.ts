/**
 * Declarations that are run again where the function runs: `const schema = z.object(...)`, `const storage = new
 * AsyncLocalStorage()`. The initializer travels as a text with variables of its own, which may be declarations again.
 */
import type { Scope, Script } from '../inspect/scripts.ts'
import type { Cell, Code } from '../payload/payload.ts'
import { readSourceFile } from '../references/source-file.ts'
import { childrenOf } from '../text/bindings.ts'
import { findIn } from '../text/free-variables.ts'
import type { Tree } from '../text/parse.ts'
import type { Draft } from './draft.ts'
import type { Graph } from './graph.ts'
import { refusal, type Trail } from './refusals.ts'

export class Declarations {
  readonly #graph: Graph
  readonly #known = new Map<string, Cell>()
  /** variables at the top of each file, as V8 shows them around one of its functions */
  readonly #scopes = new Map<Script, Scope[]>()

  constructor(graph: Graph) {
    this.#graph = graph
  }

  /** The outermost scopes of a function are those of its file. */
  noteScopes(script: Script, scopes: Scope[]): void {
    if (!this.#scopes.has(script)) this.#scopes.set(script, scopes.slice(-2))
  }

  /** What the declaration of `name` gives when it is run again, or undefined when the file has none. */
  cellOf(script: Script, name: string, trail: Trail): Cell | undefined {
    const key = `${script.id} ${name}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const declared = readSourceFile(script).declarations.get(name)
    if (!declared) return undefined
    const { start, end } = declared
    const code: Code = {
      text: script.source.slice(start, end),
      form: 'expression',
      isStrict: script.isModule,
      file: this.#graph.files.place(script.url),
      ...positionOf(script, start),
    }
    const node = { kind: 'declaration' as const, code, variables: {}, unset: [], isAsync: awaits(declared) }
    const cell = this.#graph.addNode(node, trail)
    this.#known.set(key, cell)

    const free = findIn(declared, false)
    if (free.outer.size > 0 || free.hasDirectEval) {
      throw refusal(
        trail,
        `its declaration uses ${[...free.outer].join(', ') || 'eval'}`,
        'make it inside the function',
      )
    }
    const scopes = this.#scopes.get(script) ?? []
    const place = { script, line: code.line, column: code.column, offset: start }
    const { identifiers } = free
    const { variables, unset } = node
    const draft: Draft = {
      code,
      source: script.source,
      offset: start,
      edits: [],
      variables,
      unset,
      identifiers,
      place,
      scopes,
      trail,
    }
    this.#graph.variables.bind(draft, free)
    return cell
  }
}

/** Whether a declaration awaits, outside of functions in it. */
function awaits(node: Tree): boolean {
  if (/Function/.test(node.type)) return false
  return node.type === 'AwaitExpression' || [...childrenOf(node)].some(awaits)
}

function positionOf({ source, startLine, startColumn }: Script, offset: number): { line: number; column: number } {
  const before = source.slice(0, offset)
  const lines = before.split('\n').length - 1
  const inLine = offset - (before.lastIndexOf('\n') + 1)
  return { line: startLine + lines, column: inLine + (lines === 0 ? startColumn : 0) }
}
