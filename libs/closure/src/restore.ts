/** Bytes of `captureFunction` in, a callable function out, in another process. */
import { BurlaError, decodeValue } from '@burla/protocol'
import { evaluate } from './evaluate.ts'
import { loadImport } from './load-import.ts'
import type { Payload, Ref, Unit } from './payload.ts'

export interface RestoreOptions {
  /** What stands for the names of `byName` here. */
  named?: ReadonlyMap<string, unknown>
}

export type RestoredFunction = (input: unknown, index: number) => unknown

/**
 * The function as it was captured. What it imports is loaded by its first call, whose result is then a promise; a
 * module that is missing here rejects each call.
 */
export function restoreFunction(bytes: Buffer, { named = new Map() }: RestoreOptions = {}): RestoredFunction {
  const payload = decodeValue(bytes) as Payload
  if (payload.imports.length === 0) return link(payload, [], named)
  let linked: RestoredFunction | undefined
  let loading: Promise<void> | undefined
  return (input, index) => {
    if (linked) return linked(input, index)
    loading ??= Promise.all(payload.imports.map(loadImport)).then((modules) => {
      linked = link(payload, modules, named)
    })
    return loading.then(() => linked?.(input, index))
  }
}

/**
 * Functions are evaluated before their variables are set, because they may refer to each other in circles; classes
 * read some while they are evaluated (`extends`, static fields), so what is there already is set before.
 */
function link(payload: Payload, modules: unknown[], named: ReadonlyMap<string, unknown>): RestoredFunction {
  const objects: object[] = payload.objects.map(() => ({}))
  const units: unknown[] = []
  const setters: ((values: Record<string, unknown>) => void)[] = []

  const valueOf = ([kind, at]: Ref): unknown => {
    switch (kind) {
      case 'unit':
        return units[at]
      case 'object':
        return objects[at]
      case 'import':
        return modules[at]
      case 'named':
        if (named.has(at)) return named.get(at)
        throw new BurlaError('INTERNAL', `the function refers to \`${at}\`, which nobody has given here`)
      case 'value':
        return payload.values[at]
      case 'global':
        return at.reduce<unknown>((owner, name) => (owner as Record<string, unknown>)[name], globalThis)
    }
  }
  const variablesOf = (unit: Unit) =>
    Object.fromEntries(Object.entries(unit.variables).map(([name, ref]) => [name, valueOf(ref)]))

  const fillObjects = () => {
    payload.objects.forEach((shared, at) => {
      const object = objects[at] as Record<string, unknown>
      const { prototype } = (shared.class && (valueOf(shared.class) as { prototype?: object } | undefined)) ?? {}
      if (prototype) Object.setPrototypeOf(object, prototype)
      for (const [key, ref] of Object.entries(shared.members)) object[key] = valueOf(ref)
    })
  }

  for (const place of payload.order) {
    const unit = payload.units[place] as Unit
    const { create, setVariables } = evaluate(unit)
    fillObjects()
    setVariables(variablesOf(unit))
    units[place] = create()
    setters[place] = setVariables
  }
  fillObjects()
  payload.units.forEach((unit, place) => setters[place]?.(variablesOf(unit)))
  return units[0] as RestoredFunction
}
