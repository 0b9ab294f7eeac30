/**
 * What is shipped of a function: a graph of nodes that refer to each other by number. Every function is a node with its
 * text and what its variables hold; so is every object that a copy of its data would not do justice. Plain data is one
 * node, however large.
 */

/** Raised with each change that an older reader would misread. */
export const payloadVersion = 3

/**
 * What stands where a value stands: text, booleans, null and numbers as themselves, other primitives by a name, the
 * rest by the number of its node.
 */
export type Cell = string | number | boolean | null | [node: number] | [constant: string] | ['bigint', digits: string]

export interface Payload {
  version: typeof payloadVersion
  /** `process.version` of the one who captured */
  node: string
  root: Cell
  nodes: Node[]
  /** paths, named by their place */
  files: string[]
  /** what the program itself has put on `globalThis`, as far as the function mentions it */
  globals: Record<string, Cell>
  /** local modules by content, for `import()` and `setup` */
  modules: LocalModule[]
  /** modules that run before the function is made, in this order */
  setup: { name: string; specifier: string; file: number }[]
  /** all packages that the function reaches, with those that they depend on */
  packages: PackageVersion[]
}

export type Node =
  | FunctionNode
  | ObjectNode
  | { kind: 'bound'; target: Cell; this: Cell; arguments: Cell[]; own?: Property[] }
  | { kind: 'proxy'; target: Cell; handler: Cell }
  | { kind: 'symbol'; description?: string; registered?: true }
  | { kind: 'buffer'; at: number; length: number }
  | { kind: 'view'; type: string; buffer: Cell; offset: number; length: number }
  /** one or more names, `v` of which is a variable that several functions share; without a value: not declared yet */
  | { kind: 'box'; value?: Cell }
  /** `prototype` of a function */
  | { kind: 'prototype'; of: Cell }
  | { kind: 'json'; value: unknown }
  /** one of the values in the payload's data part */
  | { kind: 'data'; at: number }
  | { kind: 'global'; path: Path }
  | { kind: 'builtin'; id: string; path: Path }
  | { kind: 'import'; reference: ModuleReference; path: Path }
  | { kind: 'named'; name: string }
  /** `import.meta`, `import()` and `require` of a file */
  | { kind: 'meta' | 'importer' | 'require'; file: number }
  | { kind: 'declaration'; code: Code; variables: Record<string, Cell>; unset: string[]; isAsync: boolean }
  /** the member at the end of a path into what a declaration gives */
  | { kind: 'member'; of: Cell; path: Path }

export type Path = string[]

/** Resolved from `file`; with `url`, a file of a package, by its path below the package's folder. */
export interface ModuleReference {
  by: 'import' | 'require' | 'interop'
  specifier: string
  file: number
}

/** A text and the place of its first character. */
export interface Code {
  text: string
  form: 'expression' | 'method' | 'class'
  isStrict: boolean
  file: number
  line: number
  column: number
}

export interface FunctionNode {
  kind: 'function'
  code: Code
  name: string
  variables: Record<string, Cell>
  /** variables whose declaration has not run at the call */
  unset: string[]
  /** `this` and `arguments` of the code around it, and the prototype that `super` means */
  this?: Cell
  arguments?: Cell
  superOf?: Cell
  /** the class whose private names it uses */
  inClass?: Cell
  /** of a class with private names: what its text calls the hook, the flag and the code (`text/class-text.ts`) */
  hook?: { name: string; stamping: string; code: string; stamps: boolean }
  superclass?: { name: string; value: Cell }
  /** variables that are needed when a class is evaluated */
  early?: string[]
  /** values of private static fields */
  statics?: Record<string, Cell>
  proto?: Cell
  own?: Property[]
  prototype?: { proto?: Cell; own: Property[]; gone?: string[] }
}

/** Key, value, flags; an accessor also has its setter, and its getter as value. */
export type Property = [key: Cell, value: Cell, flags?: number, setter?: Cell]
/** `live`: what stands for the value is a box, and the property shows what is in it */
export const propertyFlags = { writable: 1, enumerable: 2, configurable: 4, live: 8 } as const
export const usualFlags = 7

export type Base =
  | { type: 'array'; length: number }
  | { type: 'map'; entries: Cell[] }
  | { type: 'set'; entries: Cell[] }
  | { type: 'weakmap'; entries: Cell[] }
  | { type: 'weakset'; entries: Cell[] }
  | { type: 'date'; time: Cell }
  | { type: 'regexp'; source: string; flags: string }
  | { type: 'error'; stack: Cell }
  | { type: 'url'; href: string }
  | { type: 'params'; text: string }
  | { type: 'boxed'; value: Cell }
  | { type: 'arguments'; values: Cell[] }

export interface ObjectNode {
  kind: 'object'
  /** what it is besides its properties; an ordinary object when missing */
  base?: Base
  /** when it is not the usual one of its base */
  proto?: Cell
  own: Property[]
  integrity?: 'frozen' | 'sealed' | 'closed'
  /** private names to be given, class by class, base first */
  privates?: { of: Cell; fields: Record<string, Cell> }[]
}

/** A module of the program's own, shipped as text, in a form that any Node reads. */
export interface LocalModule {
  file: number
  format: 'module' | 'commonjs' | 'json'
  text: string
  /** other addresses by which it is asked for: without its extension, or with that of what it becomes */
  alias: string[]
}

export interface PackageVersion {
  name: string
  version: string
  /** asked for by the function itself, not by another package */
  isDirect?: true
  /** for other platforms: `os`, `cpu` and `libc` as its package.json has them */
  only?: { os?: string[]; cpu?: string[]; libc?: string[] }
}
