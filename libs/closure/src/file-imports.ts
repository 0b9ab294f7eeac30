/**
 * Which names of a file are imports of builtin modules and packages: those travel as their specifier. Imports of
 * local files are not listed, what they import travels by value.
 */
import { existsSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Node } from 'acorn'
import { parseFile } from './function-text.ts'
import type { Script } from './inspect-function.ts'

export interface FileImport {
  kind: 'import' | 'require'
  specifier: string
  path: string[]
}

type Tree = Node & Record<string, unknown>

const importsOfScripts = new WeakMap<Script, Map<string, FileImport>>()

/** What to import again for the variable `name` of a script, if that is an import of a builtin module or package. */
export function importedAs(name: string, script: Script): FileImport | undefined {
  let imports = importsOfScripts.get(script)
  if (!imports) {
    imports = readFileImports(script.source, script.file ?? process.cwd())
    importsOfScripts.set(script, imports)
  }
  return imports.get(name)
}

function readFileImports(source: string, file: string): Map<string, FileImport> {
  const imports = new Map<string, FileImport>()
  const program = parseFile(source) as Tree | undefined
  if (program) for (const statement of topStatements(program)) addImports(statement, file, imports)
  return imports
}

/** vitest wraps a file into one async arrow. */
function topStatements(program: Tree): Tree[] {
  let body = program['body'] as Tree[]
  const wrapper = body.at(-1)?.['expression'] as Tree | undefined
  if (wrapper?.type === 'ArrowFunctionExpression') body = (wrapper['body'] as Tree)['body'] as Tree[]
  return body.length === 1 && body[0]?.type === 'BlockStatement' ? (body[0]['body'] as Tree[]) : body
}

function addImports(statement: Tree, file: string, imports: Map<string, FileImport>): void {
  if (statement.type === 'ImportDeclaration') {
    const specifier = byReference((statement['source'] as { value: string }).value, file)
    if (specifier === undefined) return
    for (const each of statement['specifiers'] as Tree[]) {
      imports.set(nameOf(each['local']), { kind: 'import', specifier, path: importPath(each) })
    }
  } else if (statement.type === 'VariableDeclaration') {
    for (const declarator of statement['declarations'] as Tree[]) addRequire(declarator, file, imports)
  }
}

function importPath(specifier: Tree): string[] {
  if (specifier.type === 'ImportDefaultSpecifier') return ['default']
  return specifier.type === 'ImportNamespaceSpecifier' ? [] : [nameOf(specifier['imported'])]
}

/** `const x = require('y')`, `const { a: b } = require('y')`, vitest's `const x = await __vite_ssr_import__('y')`. */
function addRequire(declarator: Tree, file: string, imports: Map<string, FileImport>): void {
  const init = declarator['init'] as Tree | null
  const call = (init?.type === 'AwaitExpression' ? init['argument'] : init) as Tree | null
  if (call?.type !== 'CallExpression') return
  const callee = nameOf(call['callee'])
  const literal = (call['arguments'] as { value?: unknown }[])[0]?.value
  if ((callee !== 'require' && callee !== '__vite_ssr_import__') || typeof literal !== 'string') return
  const specifier = byReference(literal, file)
  if (specifier === undefined) return
  const kind = callee === 'require' ? 'require' : 'import'
  const id = declarator['id'] as Tree
  if (id.type === 'Identifier') imports.set(nameOf(id), { kind, specifier, path: [] })
  if (id.type !== 'ObjectPattern') return
  for (const property of id['properties'] as Tree[]) {
    const value = property['value'] as Tree | undefined
    if (value?.type === 'Identifier') imports.set(nameOf(value), { kind, specifier, path: [nameOf(property['key'])] })
  }
}

/**
 * The specifier to import again, or undefined for a file of the same package. A path that leads into another package
 * (a workspace, or how vitest writes any import) is as good as that package's name.
 */
function byReference(specifier: string, file: string): string | undefined {
  if (isBuiltin(specifier) || !/^(\.{0,2}\/|file:)/.test(specifier)) return specifier
  const path = resolvePath(specifier, file)
  if (path.includes('/node_modules/')) return path
  return existsSync(path) && packageOf(path) !== packageOf(file) ? path : undefined
}

function resolvePath(specifier: string, file: string): string {
  if (specifier.startsWith('file:')) return fileURLToPath(specifier)
  if (specifier.startsWith('.')) return join(dirname(file), specifier)
  const path = specifier.replace(/^\/@fs\//, '/')
  // vitest's paths begin at its root, which is a folder above the file
  for (let folder = dirname(file); !existsSync(path) && folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, path))) return join(folder, path)
  }
  return path
}

/** The folder with the package.json that a file belongs to. */
function packageOf(file: string): string {
  let folder = dirname(file)
  while (folder !== dirname(folder) && !existsSync(join(folder, 'package.json'))) folder = dirname(folder)
  return folder
}

function nameOf(node: unknown): string {
  const { name, value } = (node ?? {}) as { name?: string; value?: string }
  return name ?? String(value)
}
