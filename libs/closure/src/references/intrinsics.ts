/**
 * Values that are the same in every Node: what the language and Node put on `globalThis`, and the exports of builtin
 * modules. They travel by the way to them.
 */
import { builtinModules, createRequire } from 'node:module'

export type IntrinsicNode = { kind: 'global'; path: string[] } | { kind: 'builtin'; id: string; path: string[] }

let index: Map<unknown, IntrinsicNode> | undefined
let indexedModules = 0

/** The way to a value that any Node has, or undefined. */
export function findIntrinsic(value: unknown): IntrinsicNode | undefined {
  return intrinsics().get(value)
}

/** Built once (3 ms), and completed when Node has loaded more of its modules: only those can have made a value. */
export function intrinsics(): ReadonlyMap<unknown, IntrinsicNode> {
  const { moduleLoadList } = process as unknown as { moduleLoadList: string[] }
  index ??= indexGlobals()
  if (indexedModules !== moduleLoadList.length) {
    // reading a module can load others, so the count is that before
    const loaded = moduleLoadList.slice(indexedModules)
    indexedModules = moduleLoadList.length
    for (const entry of loaded) indexModule(index, entry.replace(/^NativeModule /, ''))
  }
  return index
}

/** Objects of the language that no global names; the first step of a path says how they are found. */
export const hiddenIntrinsics: Record<string, unknown> = {
  '%TypedArray%': Object.getPrototypeOf(Uint8Array),
  '%AsyncFunction%': Object.getPrototypeOf(async function () {}).constructor,
  '%GeneratorFunction%': Object.getPrototypeOf(function* () {}).constructor,
  '%AsyncGeneratorFunction%': Object.getPrototypeOf(async function* () {}).constructor,
  '%IteratorPrototype%': Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())),
  '%AsyncIteratorPrototype%': Object.getPrototypeOf(
    Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}).prototype),
  ),
}

/** Of the language, or set up by Node: those are not enumerable, but for a few that the web has so. */
export function isStandardGlobal(name: string): boolean {
  const property = Object.getOwnPropertyDescriptor(globalThis, name)
  return !property || !property.enumerable || webGlobals.has(name)
}

const webGlobals = new Set(
  (
    'global clearImmediate setImmediate clearInterval clearTimeout setInterval setTimeout queueMicrotask ' +
    'structuredClone atob btoa performance fetch navigator crypto localStorage sessionStorage'
  ).split(' '),
)

function indexGlobals(): Map<unknown, IntrinsicNode> {
  const found = new Map<unknown, IntrinsicNode>()
  const add = (value: unknown, path: string[]) => {
    if (isReferable(value) && !found.has(value)) found.set(value, { kind: 'global', path })
  }
  const addMembers = (owner: object, path: string[]) => {
    for (const [key, property] of ownProperties(owner)) {
      add(property.value, [...path, key])
      add(property.get, [...path, `get ${key}`])
      add(property.set, [...path, `set ${key}`])
    }
  }
  const addClass = (value: unknown, path: string[]) => {
    add(value, path)
    if (!isReferable(value) || value === globalThis) return
    addMembers(value, path)
    const prototype = valueOf(value, 'prototype')
    if (isReferable(prototype)) addMembers(prototype, [...path, 'prototype'])
  }
  add(globalThis, [])
  add(process.env, ['process', 'env'])
  for (const name of Object.getOwnPropertyNames(globalThis).filter(isStandardGlobal)) {
    addClass(valueOf(globalThis, name), [name])
  }
  // these two are accessors
  addClass(process, ['process'])
  addClass(Buffer, ['Buffer'])
  for (const [name, value] of Object.entries(hiddenIntrinsics)) addClass(value, [name])
  return found
}

/** Names with `_` are passed over: `module._cache` holds the program's own modules. */
function indexModule(found: Map<unknown, IntrinsicNode>, loaded: string): void {
  const id = builtinModules.includes(loaded) ? loaded : `node:${loaded}`
  if (loaded.startsWith('_') || loaded === 'process' || !builtinModules.includes(id)) return
  const exported: unknown = createRequire(process.execPath)(id)
  const add = (value: unknown, path: string[]) => {
    if (isReferable(value) && !found.has(value)) found.set(value, { kind: 'builtin', id, path })
  }
  add(exported, [])
  for (const [name, property] of ownProperties(exported as object)) {
    if (name.startsWith('_')) continue
    add(property.value, [name])
    if (!isReferable(property.value)) continue
    for (const [member, { value }] of ownProperties(property.value)) {
      if (!member.startsWith('_') && isReferable(value)) add(value, [name, member])
    }
  }
}

function isReferable(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function' || typeof value === 'symbol'
}

/** Data only, never by way of a getter: those of globals load modules and print warnings. */
function valueOf(owner: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(owner, name)?.value as unknown
}

function ownProperties(owner: object): [string, PropertyDescriptor][] {
  return typeof owner === 'symbol' ? [] : Object.entries(Object.getOwnPropertyDescriptors(owner))
}
