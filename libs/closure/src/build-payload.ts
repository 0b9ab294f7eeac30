/**
 * The graph of all that a function uses: its own text, and for each free variable what the variable holds now.
 *
 *   import of a builtin module or package   its specifier, imported again
 *   given by name by the caller             its name
 *   global, export of a builtin module      its name
 *   local function or class                 its text, and what that uses in turn
 *   object that holds functions, namespace  its members that are used, one by one
 *   instance of a local class               its properties, and the class
 *   anything else                           a copy, through `encodeValue`
 *
 * Each function gets variables of its own: two that change one variable do not see each other's changes.
 */
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { findFreeVariables } from './free-variables.ts'
import { type AnyFunction, type FunctionText, readFunctionText, superclassOf } from './function-text.ts'
import { importedAs } from './file-imports.ts'
import type { InspectedFunction, InspectFunction } from './inspect-function.ts'
import { holdsFunctions, localClassOf } from './local-objects.ts'
import type { Import, Payload, Ref, SharedObject } from './payload.ts'
import { findBuiltin, findGlobal, findPackageExport, isForeign } from './references.ts'
import { refusal, type Trail } from './refusals.ts'

/** As long as `import.meta`, which a script cannot have, so that columns stay as they are. */
const metaName = '$burla_meta'

/** What vitest writes for `import()` and `import.meta`. */
const viteDynamicImport = '__vite_ssr_dynamic_import__'
const viteMeta = '__vite_ssr_import_meta__'

/** The payload, and for each of its values the way to it. */
export function buildPayload(
  root: AnyFunction,
  inspect: InspectFunction,
  byName: ReadonlyMap<object, string>,
): { payload: Payload; trails: Trail[] } {
  const payload: Payload = { units: [], order: [], objects: [], imports: [], values: [] }
  const known = new Map<unknown, Ref>()
  const trails: Trail[] = []

  addUnit(root, [root.name || 'fn'])
  return { payload, trails }

  function refOf(value: unknown, trail: Trail, members: Iterable<string> | null): Ref {
    const name = byName.get(value as object)
    if (name !== undefined) return ['named', name]
    const ref = known.get(value)
    // of an object that is known already, other members may be used here
    if (ref && ref[0] !== 'object') return ref
    if (typeof value === 'function') return functionRef(value as AnyFunction, trail)
    if (typeof value === 'object' && value !== null) return objectRef(value, trail, members)
    return valueRef(value, trail)
  }

  function functionRef(fn: AnyFunction, trail: Trail): Ref {
    const global = findGlobal(fn)
    const text = readText(fn, trail)
    const file = text && inspect(fn, text.text).script?.url
    if (text && !isForeign(file ?? '')) return addUnit(fn, trail)
    if (global) return ['global', global]
    const found = findBuiltin(fn) ?? (file && findPackageExport(fn, file, payload.units[0]?.file ?? process.cwd()))
    if (found) return importRef(fn, found)
    throw refusal(trail, `it belongs to ${file || 'native code'}; call it through what that module exports`)
  }

  function addUnit(fn: AnyFunction, trail: Trail): Ref {
    const text = readText(fn, trail)
    if (!text) throw refusal(trail, 'it is native or bound, and has no text')
    const inspected = inspect(fn, text.text)
    const file = inspected.script?.file ?? join(process.cwd(), '[function]')
    const free = findFreeVariables(text.node, text.isMethod)
    for (const word of free.outer) throw refusal(trail, `it uses \`${word}\` of the code around it; use a variable`)

    const variables: Record<string, Ref> = {}
    const { line, column } = inspected
    const shipped = { name: fn.name, text: withoutMetas(text, free.metas), isMethod: text.isMethod, file, line, column }
    const place = payload.units.push({ ...shipped, isStrict: !Object.hasOwn(fn, 'caller'), variables }) - 1
    known.set(fn, ['unit', place])

    if (free.metas.length > 0) variables[metaName] = valueRef(metaOf(file), trail)
    for (const [name, members] of free.names) {
      const variable = variables[name] ?? variableRef(name, members, inspected, file, [...trail, name])
      if (variable) variables[name] = variable
    }
    addSuperclass(fn, text, variables, trail)
    payload.order.push(place)
    return ['unit', place]
  }

  /** V8 keeps the variable of `extends Base` where no scope shows it, if nothing else uses it. */
  function addSuperclass(fn: AnyFunction, text: FunctionText, variables: Record<string, Ref>, trail: Trail): void {
    const superclass = superclassOf(text)
    if (!superclass || variables[superclass.name] || superclass.name in globalThis) return
    const { name, member } = superclass
    const ref = refOf(Object.getPrototypeOf(fn), [...trail, member ?? name], null)
    if (member === undefined) variables[name] = ref
    else variables[name] = ['object', payload.objects.push({ members: { [member]: ref }, class: null }) - 1]
  }

  function variableRef(
    name: string,
    members: Set<string> | null,
    { script, scopes }: InspectedFunction,
    file: string,
    trail: Trail,
  ): Ref | undefined {
    const scope = scopes.find((each) => name in each)
    if (!scope) return undefined
    if (name === viteDynamicImport) return addImport({ kind: 'dynamic', specifier: process.cwd(), file, path: [] })
    if (name === viteMeta) return valueRef(metaOf(file), trail)
    if (name === 'require') return addImport({ kind: 'require', specifier: '', file, path: [] })
    const held = read(scope, name)
    const imported = script && importedAs(name, script)
    if (imported && !leadsToNamed(held?.value, members)) return addImport({ ...imported, file })
    return held && refOf(held.value, trail, members)
  }

  /** Whether it is one of `byName`, or a namespace of which one is used. */
  function leadsToNamed(value: unknown, members: Set<string> | null): boolean {
    if (byName.has(value as object)) return true
    if (typeof value !== 'object' || value === null || !holdsFunctions(value)) return false
    return [...(members ?? Object.keys(value))].some((key) => byName.has(read(value, key)?.value as object))
  }

  function objectRef(object: object, trail: Trail, members: Iterable<string> | null): Ref {
    const path = findGlobal(object)
    if (path) return ['global', path]
    const builtin = findBuiltin(object)
    if (builtin) return importRef(object, builtin)
    const local = localClassOf(object)
    if (local && !isRebuildable(local)) {
      throw refusal(trail, `a ${local.name} keeps private state or is made by a package; make it inside the function`)
    }
    if (!local && !holdsFunctions(object)) return valueRef(object, trail)

    let ref = known.get(object)
    if (!ref) {
      ref = ['object', payload.objects.push({ members: {}, class: null }) - 1]
      known.set(object, ref)
    }
    const shared = payload.objects[ref[1] as number] as SharedObject
    if (local) shared.class ??= refOf(local, [...trail, local.name], null)
    for (const key of local ? Object.keys(object) : (members ?? Object.keys(object))) {
      if (key in shared.members || !(key in object)) continue
      const held = read(object, key)
      if (!held) continue
      // taken before it is followed, because the way may lead back here
      shared.members[key] = ref
      shared.members[key] = refOf(held.value, [...trail, key], null)
    }
    return ref
  }

  function isRebuildable(local: AnyFunction): boolean {
    const text = Function.prototype.toString.call(local)
    return !/#[\w$]/.test(text) && !isForeign(inspect(local, text).script?.url ?? '')
  }

  function valueRef(value: unknown, trail: Trail): Ref {
    const ref: Ref = ['value', payload.values.push(value) - 1]
    trails.push(trail)
    if (typeof value === 'object' && value !== null) known.set(value, ref)
    return ref
  }

  function importRef(value: unknown, found: Import): Ref {
    const ref = addImport(found)
    known.set(value, ref)
    return ref
  }

  function addImport(found: Import): Ref {
    return ['import', payload.imports.push(found) - 1]
  }
}

/** Undefined for a variable whose declaration has not run yet: it stays undeclared where the function runs. */
function read(owner: object, name: string): { value: unknown } | undefined {
  try {
    return { value: (owner as Record<string, unknown>)[name] }
  } catch (error) {
    if (error instanceof ReferenceError) return undefined
    throw error
  }
}

function readText(fn: AnyFunction, trail: Trail): FunctionText | undefined {
  try {
    return readFunctionText(fn)
  } catch (cause) {
    throw refusal(trail, `its text cannot stand alone (${(cause as Error).message})`, cause)
  }
}

function withoutMetas({ text, offset }: FunctionText, metas: number[]): string {
  let result = text
  for (const at of metas) {
    const start = at - offset
    result = result.slice(0, start) + metaName + result.slice(start + metaName.length)
  }
  return result
}

function metaOf(file: string): Record<string, string> {
  return { url: pathToFileURL(file).href, filename: file, dirname: dirname(file) }
}
