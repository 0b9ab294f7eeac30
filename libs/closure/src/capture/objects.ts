/** Objects that are not plain data: what they are besides their properties, their class, and what they hold. */
import { types } from 'node:util'
import type { Base, Cell, Node, ObjectNode } from '../payload/payload.ts'
import { addPrivateFields } from './classes.ts'
import { describeForeign } from './foreign.ts'
import type { Graph } from './graph.ts'
import { refuseHandles } from './handles.ts'
import { constructorOf } from './lineage.ts'
import { isPortableInstance } from './portable-instance.ts'
import { addProperties } from './properties.ts'
import { insideTrail, memberTrail, refusal, type Trail } from './refusals.ts'

export function describeObject(graph: Graph, object: object, trail: Trail): Node | undefined {
  if (types.isProxy(object)) return describeProxy(graph, object, trail)
  if (types.isModuleNamespaceObject(object)) return describeNamespace(graph, object, trail)
  if (ArrayBuffer.isView(object)) {
    if (types.isSharedArrayBuffer(object.buffer)) throw sharedMemory(trail)
    return graph.buffers.addView(object)
  }
  if (types.isArrayBuffer(object)) return graph.buffers.addWhole(object)
  if (types.isSharedArrayBuffer(object)) throw sharedMemory(trail)
  const owner = prototypeOwner(object)
  if (owner) return { kind: 'prototype', of: graph.cellOf(owner, insideTrail(trail, '.constructor')) }

  if (types.isPromise(object) || types.isGeneratorObject(object)) refuseHandles(graph.lineage, object, trail)
  const foreign = graph.lineage.foreignClassOf(object)
  if (foreign && !(foreign.kin === 'package' && isPortableInstance(graph, object))) {
    return describeForeign(graph, object, trail)
  }
  return graph.packages.find(object) ? describeForeign(graph, object, trail) : describeOwn(graph, object, trail)
}

function describeOwn(graph: Graph, object: object, trail: Trail): ObjectNode {
  const base = baseOf(graph, object, trail)
  const node: ObjectNode = { kind: 'object', own: [] }
  if (base) node.base = base
  const proto: unknown = Object.getPrototypeOf(object)
  if (proto !== usualPrototype(base)) node.proto = proto === null ? null : graph.cellOf(proto, insideTrail(trail, ''))
  addPrivateFields(graph, node, object, trail)
  addProperties(graph, node.own, object, trail, (key) => isPartOfBase(base, key))
  if (!Object.isExtensible(object)) {
    node.integrity = Object.isFrozen(object) ? 'frozen' : Object.isSealed(object) ? 'sealed' : 'closed'
  }
  return node
}

/** The function whose `prototype` this is. */
function prototypeOwner(object: object): object | undefined {
  const owner = constructorOf(object)
  if (!owner || types.isProxy(owner)) return undefined
  return Object.getOwnPropertyDescriptor(owner, 'prototype')?.value === object ? owner : undefined
}

/** What makes an object more than its properties. */
function baseOf(graph: Graph, object: object, trail: Trail): Base | undefined {
  const inside = (value: unknown, word: string): Cell => graph.cellOf(value, insideTrail(trail, word))
  if (Array.isArray(object)) return { type: 'array', length: object.length }
  if (types.isMap(object)) {
    const entries = [...mapEntries.call(object)].flatMap(([key, value]) => [
      inside(key, '[key]'),
      inside(value, '[value]'),
    ])
    return { type: 'map', entries }
  }
  if (types.isSet(object))
    return { type: 'set', entries: [...setValues.call(object)].map((each) => inside(each, '[value]')) }
  if (types.isWeakMap(object)) return { type: 'weakmap', entries: graph.weak.entriesOf(object, trail) }
  if (types.isWeakSet(object)) return { type: 'weakset', entries: graph.weak.entriesOf(object, trail) }
  if (types.isDate(object)) return { type: 'date', time: graph.cellOf(Date.prototype.getTime.call(object), trail) }
  if (types.isRegExp(object)) return regexpBase(object)
  if (types.isNativeError(object)) return { type: 'error', stack: inside(stackOf(object), '.stack') }
  if (types.isBoxedPrimitive(object)) return { type: 'boxed', value: inside(valueOfBox(object), '[value]') }
  if (types.isArgumentsObject(object)) {
    const values = Array.from(object as unknown as ArrayLike<unknown>)
    return { type: 'arguments', values: values.map((value, at) => graph.cellOf(value, memberTrail(trail, String(at)))) }
  }
  if (object instanceof URL) return { type: 'url', href: object.href }
  if (object instanceof URLSearchParams) return { type: 'params', text: object.toString() }
  return undefined
}

/** The language's own, whatever a class or the object itself puts in their place. */
const mapEntries = Map.prototype.entries
const setValues = Set.prototype.values

function regexpBase(regexp: RegExp): Base {
  const own = (name: 'source' | 'flags') => Object.getOwnPropertyDescriptor(RegExp.prototype, name)?.get?.call(regexp)
  return { type: 'regexp', source: String(own('source')), flags: String(own('flags')) }
}

function valueOfBox(box: object): unknown {
  if (types.isNumberObject(box)) return Number.prototype.valueOf.call(box)
  if (types.isStringObject(box)) return String.prototype.valueOf.call(box)
  if (types.isBooleanObject(box)) return Boolean.prototype.valueOf.call(box)
  if (types.isBigIntObject(box)) return BigInt.prototype.valueOf.call(box)
  return Symbol.prototype.valueOf.call(box)
}

/** V8 keeps it as a value or, since Node 21, behind accessors of its own; a getter of the program is not called. */
function stackOf(error: Error): unknown {
  const property = Object.getOwnPropertyDescriptor(error, 'stack')
  if (!property?.get) return property?.value
  return /\[native code\]/.test(Function.prototype.toString.call(property.get)) ? error.stack : undefined
}

function isPartOfBase(base: Base | undefined, key: string | symbol): boolean {
  switch (base?.type) {
    case 'array':
      return key === 'length'
    case 'error':
      return key === 'stack'
    case 'arguments':
      return key === 'length' || key === 'callee' || key === Symbol.iterator || /^\d+$/.test(String(key))
    case 'boxed':
      return typeof base.value === 'string' && (key === 'length' || /^\d+$/.test(String(key)))
    default:
      return false
  }
}

/** What `restore` gives an object of this base by itself. */
function usualPrototype(base: Base | undefined): object | null {
  if (!base) return Object.prototype
  return usualPrototypes[base.type].prototype
}

const usualPrototypes = {
  array: Array,
  map: Map,
  set: Set,
  weakmap: WeakMap,
  weakset: WeakSet,
  date: Date,
  regexp: RegExp,
  error: Error,
  url: URL,
  params: URLSearchParams,
  arguments: Object,
  boxed: Object,
}

export function describeProxy(graph: Graph, proxy: object, trail: Trail): Node {
  const hidden = graph.inspector.hiddenStateOf(proxy)
  const [target, handler] = graph.inspector.take([
    hidden.internal('[[Target]]') ?? {},
    hidden.internal('[[Handler]]') ?? {},
  ])
  if (typeof handler !== 'object' || handler === null) {
    throw refusal(trail, 'it is a Proxy that was revoked', 'leave it out')
  }
  return {
    kind: 'proxy',
    target: graph.cellOf(target, insideTrail(trail, '[target]')),
    handler: graph.cellOf(handler, insideTrail(trail, '[handler]')),
  }
}

/** The namespace of a package is the package itself; one of the program's is its members. */
function describeNamespace(graph: Graph, namespace: object, trail: Trail): Node | undefined {
  const reference = graph.packages.find(namespace)
  if (reference) return describeForeign(graph, namespace, trail)
  const node: ObjectNode = { kind: 'object', proto: null, own: [] }
  addProperties(graph, node.own, namespace, trail)
  return node
}

function sharedMemory(trail: Trail): Error {
  const what = 'a SharedArrayBuffer is memory of this process'
  return refusal(trail, what, 'copy it: `new Uint8Array(shared).slice()`')
}
