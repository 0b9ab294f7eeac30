/**
 * What is shipped of a function: a graph of functions, objects, imports and data that refer to each other by place.
 * It is the argument of `encodeValue`, so that data shared by several variables stays shared.
 */
export type Ref = ['unit' | 'object' | 'import' | 'value', number] | ['global', string[]] | ['named', string]

/** The text of one function or class, and what its free variables stand for. */
export interface Unit {
  name: string
  text: string
  /** a method's text is an expression only inside an object literal */
  isMethod: boolean
  isStrict: boolean
  /** where the text begins: stacks name it, and `import()` resolves from it */
  file: string
  line: number
  column: number
  variables: Record<string, Ref>
}

/** An object that holds functions: its members, and its class when it is an instance of a local one. */
export interface SharedObject {
  members: Record<string, Ref>
  class: Ref | null
}

/**
 * A module that is imported again where the function runs, resolved from `file`, and the way into it.
 * `dynamic`: not a module but vitest's `import` of that file, with its root as specifier; `require` without a specifier
 * is the `require` of that file.
 */
export interface Import {
  kind: 'import' | 'require' | 'dynamic'
  specifier: string
  file: string
  path: string[]
}

/** `units[0]` is the function itself; `order` is that in which units can be evaluated, superclasses first. */
export interface Payload {
  units: Unit[]
  order: number[]
  objects: SharedObject[]
  imports: Import[]
  values: unknown[]
}
