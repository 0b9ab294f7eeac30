/** Which names a piece of JavaScript declares. */
import { isTree, type Tree } from './parse.ts'

/** What `let`, `const`, `class` and `function` declare among these statements. */
export function lexicalNames(statements: Tree[]): Set<string> {
  const names = new Set<string>()
  for (const statement of statements) {
    if (!isTree(statement)) continue
    if (statement.type === 'VariableDeclaration') {
      for (const declarator of statement['declarations'] as Tree[]) addNames(declarator['id'], names)
    } else if (statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration') {
      addNames(statement['id'], names)
    }
  }
  return names
}

/** What `var` declares anywhere in a function's body, not in functions inside it. */
export function collectVars(node: Tree, names: Set<string>): void {
  if (/Function|Class/.test(node.type)) return
  if (node.type === 'VariableDeclaration' && node['kind'] === 'var') {
    for (const declarator of node['declarations'] as Tree[]) addNames(declarator['id'], names)
  }
  for (const child of childrenOf(node)) collectVars(child, names)
}

export function* childrenOf(node: Tree): Generator<Tree> {
  for (const key in node) {
    const child = node[key]
    if (Array.isArray(child)) yield* child.filter(isTree)
    else if (isTree(child)) yield child
  }
}

export function namesOf(patterns: unknown[]): Set<string> {
  const names = new Set<string>()
  for (const pattern of patterns) addNames(pattern, names)
  return names
}

/** The names that a pattern binds: `a`, `{ b: c = 1 }`, `[d, ...e]`. */
export function addNames(pattern: unknown, names: Set<string>): void {
  for (const { name } of boundIdentifiers(pattern)) names.add(name)
}

/** The identifiers that a pattern binds or assigns. */
export function* boundIdentifiers(pattern: unknown): Generator<Tree & { name: string }> {
  if (!isTree(pattern)) return
  switch (pattern.type) {
    case 'Identifier':
      yield pattern as Tree & { name: string }
      return
    case 'ObjectPattern':
      for (const property of pattern['properties'] as Tree[]) {
        yield* boundIdentifiers(property['value'] ?? property['argument'])
      }
      return
    case 'ArrayPattern':
      for (const element of pattern['elements'] as unknown[]) yield* boundIdentifiers(element)
      return
    case 'AssignmentPattern':
      yield* boundIdentifiers(pattern['left'])
      return
    case 'RestElement':
      yield* boundIdentifiers(pattern['argument'])
  }
}
