/**
 * An instance of a package's class that is no more than data: a decimal number, a date. It is as it is now, whereas
 * running its declaration again could give another one. Private fields, or functions that the package does not export,
 * show that there is more to it.
 */
import { types } from 'node:util'
import { findIntrinsic } from '../references/intrinsics.ts'
import type { Graph } from './graph.ts'
import { constructorOf, prototypesOf } from './lineage.ts'

const depthLimit = 4

export function isPortableInstance(graph: Graph, object: object, depth = 0): boolean {
  if (depth > depthLimit || types.isProxy(object)) return false
  if (findIntrinsic(object) || graph.isNamed(object) || graph.plainData.islandWith(object)) return true
  for (const proto of prototypesOf(object)) {
    const kin = graph.lineage.kinOf(proto)
    if (kin === 'node') return false
    if (kin === 'package' && !isExported(graph, constructorOf(proto))) return false
  }
  if (graph.inspector.hiddenStateOf(object).privates.length > 0) return false
  if (types.isMap(object) || types.isSet(object)) return false
  if (ArrayBuffer.isView(object) || types.isAnyArrayBuffer(object)) return true
  return Reflect.ownKeys(object).every((key) => {
    const property = Object.getOwnPropertyDescriptor(object, key)
    if (!property || !('value' in property)) return false
    const value: unknown = property.value
    if (typeof value === 'function') return findIntrinsic(value) !== undefined || isExported(graph, value)
    return typeof value !== 'object' || value === null || isPortableInstance(graph, value, depth + 1)
  })
}

function isExported(graph: Graph, value: object | undefined): boolean {
  return value !== undefined && graph.packages.find(value) !== undefined
}
