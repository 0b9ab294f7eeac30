/**
 * Tools write `export * from './other'` as a getter for each name: `() => other[name]`. What it would give is found
 * without calling it, and without taking all of the other module along.
 */
import { types } from 'node:util'
import { inspectFunction } from '../inspect/scripts.ts'
import { isNative, type AnyFunction } from '../text/parse.ts'
import type { Graph } from './graph.ts'
import { readVariable } from './read-variable.ts'

const reexport = /^\(\)\s*=>\s*([\w$]+)\[([\w$]+)\]$/

export function throughReexports(graph: Graph, property: PropertyDescriptor): PropertyDescriptor {
  let at = property
  for (let source = sourceOf(graph, at.get); source; source = sourceOf(graph, at.get)) {
    const behind = Object.getOwnPropertyDescriptor(source.module, source.key)
    if (!behind) break
    at = behind
  }
  return at
}

function sourceOf(graph: Graph, getter: unknown): { module: object; key: string } | undefined {
  if (typeof getter !== 'function' || types.isProxy(getter) || isNative(getter as AnyFunction)) return undefined
  const names = reexport.exec(Function.prototype.toString.call(getter))
  if (!names) return undefined
  const { scopes } = inspectFunction(graph.inspector, getter as AnyFunction)
  const [module, key] = names.slice(1).map((name) => {
    const scope = scopes.find(({ variables }) => Object.hasOwn(variables, name))
    return scope && readVariable(scope, name)?.value
  })
  if (typeof module !== 'object' || module === null || typeof key !== 'string') return undefined
  return { module: graph.behindProxy(module), key }
}
