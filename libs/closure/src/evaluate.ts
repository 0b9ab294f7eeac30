/** The text of one function, evaluated with variables of its own around it, under its own file name and line. */
import vm from 'node:vm'
import { importFrom } from './load-import.ts'
import type { Unit } from './payload.ts'

export interface Evaluated {
  /** sets the variables that the text finds around it, before and after it is created */
  setVariables(values: Record<string, unknown>): void
  create(): unknown
}

export function evaluate(unit: Unit): Evaluated {
  const names = Object.keys(unit.variables)
  // no helper has a name that the text could see or hide: only `arguments` is used
  const before =
    `(function () { ${unit.isStrict ? "'use strict'; " : ''}` +
    (names.length > 0 ? `let ${names.join(', ')}; ` : '') +
    `return [function () { ({ ${names.join(', ')} } = arguments[0]) }, function () { return (` +
    (unit.isMethod ? '{ ' : '')
  const source = `${before}${unit.text}\n${unit.isMethod ? '}' : ''})}]})()`
  const script = new vm.Script(source, {
    filename: unit.file,
    lineOffset: unit.line,
    columnOffset: unit.column - before.length,
    importModuleDynamically: importFrom(),
  })
  const [setVariables, create] = script.runInThisContext() as [Evaluated['setVariables'], () => unknown]
  return { setVariables, create: () => named(unit.isMethod ? onlyMember(create() as object) : create(), unit.name) }
}

function onlyMember(object: object): unknown {
  const [property] = Reflect.ownKeys(object).map((key) => Object.getOwnPropertyDescriptor(object, key))
  return property?.get ?? property?.set ?? property?.value
}

/** An arrow has the name of the variable that it was assigned to, which its text does not say. */
function named(fn: unknown, name: string): unknown {
  if ((fn as { name: unknown }).name !== name) Object.defineProperty(fn, 'name', { value: name, configurable: true })
  return fn
}
