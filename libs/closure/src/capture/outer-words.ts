/**
 * Words of a text that belong to the code around it: `this`, `arguments` and `super` of an arrow, `super` of a method, and
 * private names of the class around.
 */
import { inspectFunction, placeOf, scriptOf, type Script } from '../inspect/scripts.ts'
import { lookInside } from '../inspect/stopped-call.ts'
import type { FunctionNode } from '../payload/payload.ts'
import type { FreeVariables } from '../text/free-variables.ts'
import { isNative, type AnyFunction } from '../text/parse.ts'
import type { Draft } from './draft.ts'
import type { Graph } from './graph.ts'
import { constructorOf, prototypesOf } from './lineage.ts'
import { readVariable } from './read-variable.ts'
import { insideTrail, refusal, variableTrail } from './refusals.ts'

interface Words {
  fn: AnyFunction
  free: FreeVariables
  draft: Draft
  node: FunctionNode
}

export function addOuterWords(graph: Graph, { fn, free: { outer, privateNames }, draft, node }: Words): void {
  const { trail } = draft
  let receiver: unknown
  if (outer.has('this')) {
    const seen = lookInside(graph.inspector, fn, 'this')
    if (!seen) throw refusal(trail, 'it uses `this` of the code around it', 'use a variable: `const self = this`')
    receiver = seen.value
    node.this = graph.cellOf(receiver, variableTrail(trail, 'this'))
  }
  if (outer.has('arguments')) {
    const scope = draft.scopes.find(({ variables }) => Object.hasOwn(variables, 'arguments'))
    const held = scope && readVariable(scope, 'arguments')
    if (!held) throw refusal(trail, 'it uses `arguments` of the code around it', 'use a variable')
    node.arguments = graph.cellOf(held.value, variableTrail(trail, 'arguments'))
  }
  if (outer.has('super')) {
    const home = homeOf(graph, fn, draft, receiver)
    if (!home)
      throw refusal(trail, 'it uses `super` of the code around it', 'call it on its object: `() => object.f()`')
    node.superOf = graph.cellOf(Object.getPrototypeOf(home), insideTrail(trail, ' super'))
  }
  if (privateNames.size > 0) {
    const owner = classAround(graph, fn, draft, receiver)
    const names = [...privateNames].map((name) => `#${name}`).join(', ')
    if (!owner)
      throw refusal(trail, `it uses ${names} of the class around it`, 'call it on its object: `() => object.f()`')
    node.inClass = graph.cellOf(owner, insideTrail(trail, '[class]'))
  }
}

/** The object that a method is defined in, or the one whose method an arrow is written in. */
function homeOf(graph: Graph, fn: AnyFunction, draft: Draft, receiver: unknown): object | undefined {
  const isArrow = draft.code.form === 'expression'
  if (!isArrow) return graph.holderOf(fn)
  for (const candidate of candidatesFrom(receiver)) {
    const members = Object.values(Object.getOwnPropertyDescriptors(candidate))
    const functions = members.flatMap(({ value, get, set }) => [value, get, set] as unknown[])
    if (functions.some((each) => isFunction(each) && isWrittenAround(graph, each, draft))) return candidate
  }
  return undefined
}

/** The class in whose text the function is written. */
function classAround(graph: Graph, fn: AnyFunction, draft: Draft, receiver: unknown): AnyFunction | undefined {
  const holder = graph.holderOf(fn)
  const visible = draft.scopes.flatMap((scope) =>
    Object.keys(scope.variables).map((name) => readVariable(scope, name)?.value),
  )
  const near = [...candidatesFrom(receiver), ...candidatesFrom(holder)]
  const classes = [...near, ...near.map(constructorOf), ...visible]
  return classes.find((each): each is AnyFunction => isFunction(each) && isWrittenAround(graph, each, draft))
}

function candidatesFrom(value: unknown): object[] {
  const isReferable = (typeof value === 'object' && value !== null) || typeof value === 'function'
  return isReferable ? [value, ...prototypesOf(value)] : []
}

function isFunction(value: unknown): value is AnyFunction {
  return typeof value === 'function' && !isNative(value as AnyFunction)
}

function isWrittenAround(graph: Graph, outer: AnyFunction, { place }: Draft): boolean {
  const text = Function.prototype.toString.call(outer)
  const { scriptId, position } = inspectFunction(graph.inspector, outer)
  if (scriptId !== place.script?.id || place.offset < 0) return false
  const { offset } = placeOf(scriptOf(graph.inspector, scriptId) as Script, position, text)
  return offset >= 0 && offset < place.offset && place.offset < offset + text.length
}
