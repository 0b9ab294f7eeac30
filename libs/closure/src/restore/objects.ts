/** Objects from their description: first the empty object, so that others can refer to it, then what is in it. */
import { anything } from '../anything.ts'
import type { Base, Cell, ObjectNode, Property } from '../payload/payload.ts'
import { propertyFlags, usualFlags } from '../payload/payload.ts'
import type { AnyFunction } from '../text/parse.ts'
import type { ClassHook } from './evaluate.ts'

export interface Values {
  of(cell: Cell): unknown
  hookOf(fn: unknown): { hook: ClassHook; isBase: boolean }
}

export function makeObject(node: ObjectNode, values: Values): object {
  const proto = node.proto === undefined ? undefined : (values.of(node.proto) as object | null)
  const [first, ...rest] = (node.privates ?? []).map(({ of }) => values.of(of) as AnyFunction)
  const object = first && values.hookOf(first).isBase ? construct(first, proto, values) : ordinary(node, proto, values)
  const derived = first && values.hookOf(first).isBase ? rest : first ? [first, ...rest] : []
  for (const each of derived) stamp(each, object, values)
  // public fields are among what a construction gives, and are told by the description
  if (first && !node.base) for (const key of Reflect.ownKeys(object)) Reflect.deleteProperty(object, key)
  return object
}

export function fillObject(object: object, node: ObjectNode, values: Values): void {
  if (node.base) fillBase(object, node.base, values)
  defineProperties(object, node.own, values)
  for (const { of, fields } of node.privates ?? []) {
    const { hook } = values.hookOf(values.of(of))
    for (const [name, cell] of Object.entries(fields)) hook.set(object, name, values.of(cell))
  }
  if (node.integrity === 'frozen') Object.freeze(object)
  else if (node.integrity === 'sealed') Object.seal(object)
  else if (node.integrity === 'closed') Object.preventExtensions(object)
}

export function defineProperties(object: object, own: Property[], values: Values): void {
  for (const [key, cell, flags = usualFlags, setter] of own) {
    const name = (typeof key === 'string' ? key : values.of(key)) as PropertyKey
    const enumerable = (flags & propertyFlags.enumerable) !== 0
    const configurable = (flags & propertyFlags.configurable) !== 0
    if (setter !== undefined) {
      const accessors = { get: values.of(cell), set: values.of(setter) } as PropertyDescriptor
      Object.defineProperty(object, name, { ...accessors, enumerable, configurable })
    } else if (flags & propertyFlags.live) {
      const box = values.of(cell) as { v: unknown }
      Object.defineProperty(object, name, { get: () => box.v, enumerable, configurable: true })
    } else {
      const writable = (flags & propertyFlags.writable) !== 0
      Object.defineProperty(object, name, { value: values.of(cell), writable, enumerable, configurable })
    }
  }
}

function ordinary({ base }: ObjectNode, proto: object | null | undefined, values: Values): object {
  if (!base) return proto === undefined ? {} : (Object.create(proto) as object)
  const object = emptyBase(base, values)
  if (proto !== undefined) Object.setPrototypeOf(object, proto)
  return object
}

function emptyBase(base: Base, values: Values): object {
  switch (base.type) {
    case 'array':
      return new Array(base.length)
    case 'map':
      return new Map()
    case 'set':
      return new Set()
    case 'weakmap':
      return new WeakMap()
    case 'weakset':
      return new WeakSet()
    case 'date':
      return new Date(values.of(base.time) as number)
    case 'regexp':
      return new RegExp(base.source, base.flags)
    case 'error':
      return new Error()
    case 'url':
      return new URL(base.href)
    case 'params':
      return new URLSearchParams(base.text)
    case 'boxed':
      return Object(values.of(base.value)) as object
    case 'arguments':
      return argumentsOf(...base.values.map((cell) => values.of(cell)))
  }
}

/** The language's own methods, as a class may have others. */
function fillBase(object: object, base: Base, values: Values): void {
  switch (base.type) {
    case 'map':
    case 'weakmap':
      for (let at = 0; at < base.entries.length; at += 2) {
        const [key, value] = [base.entries[at], base.entries[at + 1]].map((cell) => values.of(cell as Cell))
        if (base.type === 'map') Map.prototype.set.call(object, key, value)
        else WeakMap.prototype.set.call(object, key as object, value)
      }
      return
    case 'set':
      for (const cell of base.entries) Set.prototype.add.call(object, values.of(cell))
      return
    case 'weakset':
      for (const cell of base.entries) WeakSet.prototype.add.call(object, values.of(cell) as object)
      return
    case 'error':
      Reflect.deleteProperty(object, 'message')
      Object.defineProperty(object, 'stack', { value: values.of(base.stack), writable: true, configurable: true })
      return
    default:
  }
}

function argumentsOf(..._values: unknown[]): IArguments
function argumentsOf(): IArguments {
  return arguments
}

/** An object with the private names of a class that has no superclass: they come with a construction only. */
function construct(fn: AnyFunction, proto: object | null | undefined, values: Values): object {
  const { hook } = values.hookOf(fn)
  const target = function () {}
  target.prototype = proto === undefined ? fn.prototype : proto
  hook.stamp(true)
  try {
    return Reflect.construct(fn, someArguments(), target) as object
  } finally {
    hook.stamp(false)
  }
}

/** The private names of a derived class are given to what `super()` returns: here, to an object that is there already. */
function stamp(fn: AnyFunction, object: object, values: Values): void {
  const { hook } = values.hookOf(fn)
  const superclass: unknown = Object.getPrototypeOf(fn)
  Object.setPrototypeOf(fn, function () {
    return object
  })
  hook.stamp(true)
  try {
    Reflect.construct(fn, someArguments())
  } finally {
    hook.stamp(false)
    Object.setPrototypeOf(fn, superclass as object)
  }
}

function someArguments(): unknown[] {
  return Array.from({ length: 32 }, () => anything)
}
