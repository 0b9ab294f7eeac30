/** Own properties, as they are declared: getters and setters travel as functions and are never called here. */
import type { Cell, FunctionNode, Property } from '../payload/payload.ts'
import { propertyFlags, usualFlags } from '../payload/payload.ts'
import { findIntrinsic } from '../references/intrinsics.ts'
import { computedKey, methodKey, readClassText } from '../text/class-text.ts'
import type { AnyFunction, FunctionText } from '../text/parse.ts'
import type { Graph } from './graph.ts'
import { throughReexports } from './reexports.ts'
import { insideTrail, memberTrail, type Trail } from './refusals.ts'

/** All own properties but those that `skip` names. */
export function addProperties(
  graph: Graph,
  own: Property[],
  object: object,
  trail: Trail,
  skip: (key: string | symbol, property: PropertyDescriptor) => boolean = () => false,
): void {
  for (const key of Reflect.ownKeys(object)) {
    const property = descriptorOf(object, key)
    if (property && !skip(key, property)) addDescribed(graph, own, key, property, trail, object)
  }
}

export function addProperty(graph: Graph, own: Property[], object: object, key: string, trail: Trail): void {
  const property = descriptorOf(object, key)
  if (property) addDescribed(graph, own, key, throughReexports(graph, property), trail, object)
}

/** Undefined for an export whose declaration has not run yet. */
function descriptorOf(object: object, key: string | symbol): PropertyDescriptor | undefined {
  try {
    return Object.getOwnPropertyDescriptor(object, key)
  } catch (error) {
    if (error instanceof ReferenceError) return undefined
    throw error
  }
}

function addDescribed(
  graph: Graph,
  own: Property[],
  key: string | symbol,
  property: PropertyDescriptor,
  trail: Trail,
  holder: object,
): void {
  const name: Cell = typeof key === 'symbol' ? graph.cellOf(key, trail) : key
  const flags = flagsOf(property)
  if ('value' in property) {
    const value: unknown = property.value
    graph.noteHolder(value, holder)
    const cell = graph.cellOf(
      value,
      typeof key === 'symbol' ? insideTrail(trail, `[${String(key)}]`) : memberTrail(trail, key),
    )
    own.push(flags === usualFlags ? [name, cell] : [name, cell, flags])
    return
  }
  graph.noteHolder(property.get, holder)
  graph.noteHolder(property.set, holder)
  const inside = insideTrail(trail, `[get ${String(key)}]`)
  own.push([name, graph.cellOf(property.get, inside), flags, graph.cellOf(property.set, inside)])
}

function flagsOf({ writable, enumerable, configurable }: PropertyDescriptor): number {
  return (
    (writable ? propertyFlags.writable : 0) |
    (enumerable ? propertyFlags.enumerable : 0) |
    (configurable ? propertyFlags.configurable : 0)
  )
}

/** What was added to a function or class, or changed of it, after its text had made it. */
export function addFunctionProperties(
  graph: Graph,
  { fn, text, node, trail }: { fn: AnyFunction; text: FunctionText; node: FunctionNode; trail: Trail },
): void {
  const isClass = text.form === 'class'
  const methods = isClass ? readClassText(text).methods : new Map<string, string>()
  const comesWithText = (isStatic: boolean) => (key: string | symbol, property: PropertyDescriptor) => {
    const same = (kind: string, value: unknown) => {
      if (typeof value !== 'function') return false
      const own = Function.prototype.toString.call(value)
      return methods.get(methodKey(isStatic, String(key), kind)) === own || methods.has(computedKey(own))
    }
    const { get, set, value } = property
    if ('value' in property) return same('method', value)
    return (get === undefined || same('get', get)) && (set === undefined || same('set', set))
  }

  const own: Property[] = []
  const isUsual = comesWithText(true)
  addProperties(graph, own, fn, trail, (key, property) => {
    if (key === 'length' || key === 'prototype' || key === 'arguments' || key === 'caller') return true
    return (key === 'name' && typeof property.value === 'string') || isUsual(key, property)
  })
  if (own.length > 0) node.own = own
  const fnProto: unknown = Object.getPrototypeOf(fn)
  if (!isClass && findIntrinsic(fnProto) === undefined)
    node.proto = graph.cellOf(fnProto, insideTrail(trail, '.__proto__'))

  const prototype: unknown = Object.getOwnPropertyDescriptor(fn, 'prototype')?.value
  if (typeof prototype !== 'object' || prototype === null) return
  const added: Property[] = []
  const isUsualMember = comesWithText(false)
  addProperties(
    graph,
    added,
    prototype,
    insideTrail(trail, '.prototype'),
    (key, property) => (key === 'constructor' && property.value === fn) || isUsualMember(key, property),
  )
  const proto: unknown = Object.getPrototypeOf(prototype)
  const inherits = !isClass && proto !== Object.prototype && findIntrinsic(proto) === undefined
  if (added.length === 0 && !inherits) return
  node.prototype = { own: added }
  if (inherits) node.prototype.proto = graph.cellOf(proto, insideTrail(trail, '.prototype'))
}
