/**
 * A text, evaluated with variables of its own around it, under the file, line and column where it was written: stacks
 * need no table.
 */
import vm from 'node:vm'
import type { Code } from '../payload/payload.ts'

export interface Surroundings {
  /** names to be set before or after the text is evaluated, and names whose declaration never runs */
  variables: string[]
  unset: string[]
  /** the text uses `super` of the code around it */
  hasSuper?: boolean
  /** names that a class's own additions set (`text/class-text.ts`) */
  hook?: { name: string; stamping: string; code: string }
}

export interface Evaluated {
  setVariables(values: Record<string, unknown>): void
  create(surrounding: { this: unknown; arguments: unknown[]; superOf: object | null | undefined }): unknown
  /** what a class with private names gives: code evaluated among them, and a way to set them */
  hook(): ClassHook
}

export interface ClassHook {
  set(object: object, name: string, value: unknown): void
  /** while on, construction gives an object the class's private names and nothing else */
  stamp(on: boolean): void
  run(code: string): unknown
}

/** How a source becomes functions: as a script, or among the private names of a class. */
export type Runner = (source: string, place: { file: string; line: number; column: number; before: number }) => unknown

export function evaluate(code: Code, file: string, around: Surroundings, run: Runner = runScript): Evaluated {
  const { variables, unset, hook } = around
  const own = hook ? [hook.name, hook.stamping, hook.code] : []
  const declared = [...variables, ...own]
  const isObject = code.form === 'method' || around.hasSuper === true
  // no helper has a name that the text could see or hide: only `arguments` is used
  const before =
    `(function () { ${code.isStrict ? "'use strict'; " : ''}` +
    (declared.length > 0 ? `let ${declared.join(', ')}; ` : '') +
    `return [function () { ({ ${variables.join(', ')} } = arguments[0]) }, ` +
    (hook ? `function () { ${hook.code} = arguments[0]; return ${hook.name} }, ` : 'null, ') +
    `function () { return (${isObject ? '{ ' : ''}${isObject && code.form !== 'method' ? 'm() { return (' : ''}`
  const after = `${isObject && code.form !== 'method' ? ') }' : ''}${isObject ? ' }' : ''})}]`
  const neverDeclared = unset.length > 0 ? `; let ${unset.join(', ')}` : ''
  const source = `${before}${code.text}\n${after}${neverDeclared} })()`
  const { line, column } = code
  const [setVariables, useHook, create] = run(source, { file, line, column, before: before.length }) as [
    Evaluated['setVariables'],
    (code?: string) => ClassHook,
    (...args: unknown[]) => unknown,
  ]
  return {
    setVariables,
    create: (surrounding) => {
      const made = create.apply(surrounding.this, surrounding.arguments)
      if (!isObject) return made
      if (surrounding.superOf !== undefined) Object.setPrototypeOf(made, surrounding.superOf)
      const member = onlyMember(made as object)
      if (code.form === 'method') return member
      return (member as (...args: unknown[]) => unknown).apply(surrounding.this, surrounding.arguments)
    },
    hook: () => {
      const { set, stamp, run: runInside } = useHook()
      return { set, stamp, run: (inside) => (useHook(inside), runInside(inside)) }
    },
  }
}

function onlyMember(object: object): unknown {
  const [property] = Reflect.ownKeys(object).map((key) => Object.getOwnPropertyDescriptor(object, key))
  return property?.get ?? property?.set ?? property?.value
}

/** The text has syntax that this Node does not know. */
export class UnreadableText extends Error {}

const runScript: Runner = (source, { file, line, column, before }) =>
  readScript(source, { filename: file, lineOffset: line, columnOffset: column - before }).runInThisContext()

function readScript(source: string, place: vm.ScriptOptions & { filename: string; lineOffset: number }): vm.Script {
  try {
    return new vm.Script(source, place)
  } catch (cause) {
    throw new UnreadableText(`${place.filename}:${place.lineOffset + 1}: ${(cause as Error).message}`, { cause })
  }
}

/** Only code inside a class may use its private names. Its place is told by empty lines and a comment. */
export function runInClass({ run }: ClassHook): Runner {
  return (source, { file, line, column, before }) =>
    run(`${'\n'.repeat(line)}${' '.repeat(Math.max(0, column - before))}${source}\n//# sourceURL=${file}`)
}
