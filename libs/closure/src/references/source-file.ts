/**
 * What the text of a file says of its top-level names: what they import, export and are declared as. Read only when a
 * value asks for it, once per file.
 */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isBuiltin } from 'node:module'
import type { Script } from '../inspect/scripts.ts'
import { boundIdentifiers } from '../text/bindings.ts'
import { findIn } from '../text/free-variables.ts'
import { isTree, parseFile, type Tree } from '../text/parse.ts'

/** `interop`: required, and given the look of an import by a tool */
export type ImportedBy = 'import' | 'require' | 'interop'

export interface FileImport {
  by: ImportedBy
  /** as written; for a path that a tool has written, the file */
  specifier: string
  /** the way into the module; empty for all of it */
  path: string[]
}

export interface SourceFile {
  program: Tree
  /** name -> import of a package, a builtin module or a local file */
  imports: Map<string, FileImport>
  /** exported name -> name in the file */
  exports: Map<string, string>
  /** name -> the one expression that ever gave the variable its value, or the function or class that it is */
  declarations: Map<string, Tree>
}

const read = new WeakMap<Script, SourceFile>()

export function readSourceFile(script: Script): SourceFile {
  const found = read.get(script) ?? readAnew(script)
  read.set(script, found)
  return found
}

/** Of the program itself, in contrast to a builtin module or a package. */
export function isLocal({ specifier }: FileImport): boolean {
  return !isBuiltin(specifier) && /^(\.{0,2}\/|[A-Za-z]:[\\/]|file:)/.test(specifier) && !isInPackage(specifier)
}

export function isInPackage(path: string): boolean {
  return /[\\/]node_modules[\\/]/.test(path)
}

function readAnew(script: Script): SourceFile {
  const program = parseFile(script.source)
  const file: SourceFile = { program: program as Tree, imports: new Map(), exports: new Map(), declarations: new Map() }
  if (!program) return file
  const statements = topStatements(program)
  for (const statement of statements) {
    addImports(statement, script.file ?? process.cwd(), file.imports)
    addExports(statement, file.exports)
    const declared = statement.type.startsWith('Export') ? statement['declaration'] : statement
    if (isTree(declared)) addDeclarations(declared, file.declarations)
  }
  keepOnlyConstant(statements, file.declarations)
  return file
}

/** vitest wraps a file into one async arrow, tsx and some bundlers into one that is called at once. */
function topStatements(program: Tree): Tree[] {
  let body = program['body'] as Tree[]
  const last = body.findLast(({ type }) => type !== 'EmptyStatement')?.['expression'] as Tree | undefined
  const wrapper = last?.type === 'CallExpression' ? (last['callee'] as Tree) : last
  if (wrapper && /Function/.test(wrapper.type) && isTree(wrapper['body'])) {
    const inside = wrapper['body']['body'] as Tree[] | undefined
    if (inside) body = inside
  }
  return body.length === 1 && body[0]?.type === 'BlockStatement' ? (body[0]['body'] as Tree[]) : body
}

function addImports(statement: Tree, file: string, imports: Map<string, FileImport>): void {
  if (statement.type === 'ImportDeclaration') {
    const specifier = asFile((statement['source'] as { value: string }).value, file)
    for (const each of statement['specifiers'] as Tree[]) {
      imports.set(nameOf(each['local']), { by: 'import', specifier, path: importPath(each) })
    }
  } else if (statement.type === 'VariableDeclaration') {
    for (const declarator of statement['declarations'] as Tree[]) addRequire(declarator, file, imports)
  }
}

function importPath(specifier: Tree): string[] {
  if (specifier.type === 'ImportDefaultSpecifier') return ['default']
  return specifier.type === 'ImportNamespaceSpecifier' ? [] : [nameOf(specifier['imported'])]
}

/**
 * `const x = require('y')`, `const { a: b } = require('y')`, esbuild's `var x = __toESM(require('y'))`, which looks like
 * an import, and vitest's `const x = await __vite_ssr_import__('y')`.
 */
function addRequire(declarator: Tree, file: string, imports: Map<string, FileImport>): void {
  const init = declarator['init'] as Tree | null
  let call = (init?.type === 'AwaitExpression' ? init['argument'] : init) as Tree | null
  if (call?.type !== 'CallExpression') return
  const wrapped = (call['arguments'] as Tree[])[0]
  const isWrapped = wrapped?.type === 'CallExpression' && /toESM$|interop/i.test(nameOf(call['callee']))
  if (isWrapped) call = wrapped
  const callee = nameOf(call['callee'])
  const literal = (call['arguments'] as { value?: unknown }[])[0]?.value
  if ((callee !== 'require' && callee !== '__vite_ssr_import__') || typeof literal !== 'string') return
  const by = callee !== 'require' ? 'import' : isWrapped ? 'interop' : 'require'
  const specifier = asFile(literal, file)
  const id = declarator['id'] as Tree
  if (id.type === 'Identifier') imports.set(nameOf(id), { by, specifier, path: [] })
  if (id.type !== 'ObjectPattern') return
  for (const property of id['properties'] as Tree[]) {
    const value = property['value'] as Tree | undefined
    if (value?.type === 'Identifier') imports.set(nameOf(value), { by, specifier, path: [nameOf(property['key'])] })
  }
}

/** vitest's paths begin at its root, which is a folder above the file. */
function asFile(specifier: string, file: string): string {
  if (specifier.startsWith('file:')) return fileURLToPath(specifier)
  if (!specifier.startsWith('/')) return specifier
  const path = specifier.replace(/^\/@fs\//, '/')
  for (let folder = dirname(file); !existsSync(path) && folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, path))) return join(folder, path)
  }
  return path
}

function addExports(statement: Tree, exports: Map<string, string>): void {
  if (statement.type === 'ExportDefaultDeclaration') {
    const declared = statement['declaration'] as Tree
    exports.set('default', declared.type === 'Identifier' ? nameOf(declared) : nameOf(declared['id'] ?? { name: '' }))
  }
  if (statement.type !== 'ExportNamedDeclaration' || statement['source']) return
  for (const each of statement['specifiers'] as Tree[]) exports.set(nameOf(each['exported']), nameOf(each['local']))
  const declared = statement['declaration'] as Tree | null
  if (declared?.['id']) exports.set(nameOf(declared['id']), nameOf(declared['id']))
  for (const each of (declared?.['declarations'] ?? []) as Tree[]) {
    for (const { name } of boundIdentifiers(each['id'])) exports.set(name, name)
  }
}

function addDeclarations(statement: Tree, declarations: Map<string, Tree>): void {
  if (statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration') {
    declarations.set(nameOf(statement['id']), statement)
  } else if (statement.type === 'VariableDeclaration') {
    for (const { id, init } of statement['declarations'] as { id: Tree; init: Tree | null }[]) {
      if (id.type === 'Identifier' && init) declarations.set(nameOf(id), init)
    }
  }
}

/**
 * A variable that is assigned elsewhere has had other values; it is no declaration. An assignment that is the only one
 * stands for it: bundlers declare at the top and assign when the module is first used.
 */
function keepOnlyConstant(statements: Tree[], declarations: Map<string, Tree>): void {
  for (const part of statements.flatMap(partsOf)) {
    for (const [name, { assigned }] of findIn(part, false).names) {
      const [only] = assigned
      if (assigned.length === 1 && only && !declarations.has(name)) declarations.set(name, only)
      else if (assigned.length > 0) declarations.delete(name)
    }
  }
}

/** Pieces in each of which the file's own names are free. */
function partsOf(statement: Tree): Tree[] {
  const declared = (statement['declaration'] ?? statement) as Tree
  if (declared.type !== 'VariableDeclaration') return [declared]
  return (declared['declarations'] as Tree[]).map((each) => each['init']).filter(isTree)
}

function nameOf(node: unknown): string {
  const { name, value } = (node ?? {}) as { name?: string; value?: string }
  return name ?? String(value)
}
