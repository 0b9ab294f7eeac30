/**
 * Values that belong to a package or to Node: they rely on state that only their own module knows, so they are never
 * taken apart. In this order: what is exported travels as a reference; what was made at the top of a module of the
 * program is made again, by running its declaration there; the rest is refused.
 */
import type { Node } from '../payload/payload.ts'
import { readSourceFile } from '../references/source-file.ts'
import type { Graph } from './graph.ts'
import { refuseHandles } from './handles.ts'
import { classNameOf, withArticle } from './lineage.ts'
import { refusal, type Trail } from './refusals.ts'

export function describeForeign(graph: Graph, value: object, trail: Trail): Node {
  const reference = graph.packages.find(value)
  if (reference) {
    const { by, specifier, from, path } = reference
    return { kind: 'import', reference: { by, specifier, file: graph.files.place(from) }, path }
  }
  refuseHandles(graph.lineage, value, trail)
  const made = madeAgain(graph, trail)
  if (made) return made
  const what = typeof value === 'function' ? 'a function' : withArticle(classNameOf(value))
  throw refusal(
    trail,
    `${what} belongs to a package or to Node, and its module does not export it`,
    'make it inside the function, or declare it at the top of a module: `const x = ...` is then run again there',
  )
}

/** The declaration on the way to a value, and the members that lead from it to the value. */
function madeAgain(graph: Graph, trail: Trail): Node | undefined {
  const path: string[] = []
  let at = trail
  while (at.as === 'member') {
    if (at.key === undefined || !at.from) return undefined
    path.unshift(at.key)
    at = at.from
  }
  if (at.as !== 'variable' || !at.script) return undefined
  const name = at.word
  const declared = readSourceFile(at.script).declarations.get(name)
  if (!declared || /Function|Class/.test(declared.type)) return undefined
  const cell = graph.declarations.cellOf(at.script, name, at)
  return cell === undefined ? undefined : { kind: 'member', of: cell, path }
}
