/** Which names a function's text takes from around it, by a walk over its syntax tree with a stack of scopes. */
import type { Node } from 'acorn'

export interface FreeVariables {
  /** name -> the members that are read of it; `null` when it is also used in another way than `name.member` */
  names: Map<string, Set<string> | null>
  /** `this`, `super`, `arguments` that belong to the code around the function */
  outer: Set<'this' | 'super' | 'arguments'>
  /** offsets of `import.meta` */
  metas: number[]
}

type Tree = Node & Record<string, unknown>

interface Scope {
  names: Set<string>
  parent: Scope | undefined
}

/** `root` is a program that consists of the function, class or object with the method. */
export function findFreeVariables(root: Node, isMethod: boolean): FreeVariables {
  const free: FreeVariables = { names: new Map(), outer: new Set(), metas: [] }
  /** how many functions with a `this` of their own, and objects or classes with a `super`, are around */
  let ownThis = 0
  let ownSuper = isMethod ? -1 : 0
  visit(root as Tree, undefined)
  return free

  function visit(node: Tree, scope: Scope | undefined): void {
    switch (node.type) {
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        return visitFunction(node, scope)
      case 'ClassDeclaration':
      case 'ClassExpression': {
        const inner = { names: namesOf([node['id']]), parent: scope }
        visitChild(node['superClass'], inner)
        ownThis++
        ownSuper++
        visitChild(node['body'], inner)
        ownThis--
        ownSuper--
        return
      }
      case 'ObjectExpression':
        ownSuper++
        visitChildren(node, scope)
        ownSuper--
        return
      case 'Program':
      case 'BlockStatement':
      case 'StaticBlock':
        return visitChildren(node, { names: lexicalNames(node['body'] as Tree[]), parent: scope })
      case 'SwitchStatement': {
        const statements = (node['cases'] as Tree[]).flatMap((each) => each['consequent'] as Tree[])
        return visitChildren(node, { names: lexicalNames(statements), parent: scope })
      }
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
        return visitChildren(node, { names: lexicalNames([(node['init'] ?? node['left']) as Tree]), parent: scope })
      case 'CatchClause':
        return visitChildren(node, { names: namesOf([node['param']]), parent: scope })
      case 'MemberExpression':
        return visitMember(node, scope)
      case 'Property':
      case 'MethodDefinition':
      case 'PropertyDefinition':
        if (node['computed']) visitChild(node['key'], scope)
        return visitChild(node['value'], scope)
      case 'LabeledStatement':
        return visitChild(node['body'], scope)
      case 'BreakStatement':
      case 'ContinueStatement':
        return
      case 'MetaProperty':
        if ((node['meta'] as Tree)['name'] === 'import') free.metas.push(node.start)
        return
      case 'ThisExpression':
        if (ownThis === 0) free.outer.add('this')
        return
      case 'Super':
        if (ownSuper <= 0) free.outer.add('super')
        return
      case 'Identifier':
        return use(node['name'] as string, undefined, scope)
      default:
        visitChildren(node, scope)
    }
  }

  function visitFunction(node: Tree, scope: Scope | undefined): void {
    const isArrow = node.type === 'ArrowFunctionExpression'
    const names = namesOf(node['params'] as unknown[])
    if (node.type === 'FunctionExpression') addNames(node['id'], names)
    collectVars(node['body'] as Tree, names)
    if (!isArrow) names.add('arguments')
    const inner = { names, parent: scope }
    if (!isArrow) ownThis++
    for (const param of node['params'] as Tree[]) visit(param, inner)
    visit(node['body'] as Tree, inner)
    if (!isArrow) ownThis--
  }

  function visitMember(node: Tree, scope: Scope | undefined): void {
    const object = node['object'] as Tree
    const property = node['property'] as Tree
    if (object.type === 'Identifier' && !node['computed']) {
      return use(object['name'] as string, property['name'] as string, scope)
    }
    visit(object, scope)
    if (node['computed']) visit(property, scope)
  }

  function use(name: string, member: string | undefined, scope: Scope | undefined): void {
    for (let at = scope; at; at = at.parent) if (at.names.has(name)) return
    if (name === 'arguments') free.outer.add('arguments')
    const members = free.names.get(name)
    if (member === undefined) free.names.set(name, null)
    else if (members) members.add(member)
    else if (members === undefined) free.names.set(name, new Set([member]))
  }

  function visitChildren(node: Tree, scope: Scope | undefined): void {
    for (const key in node) visitChild(node[key], scope)
  }

  function visitChild(child: unknown, scope: Scope | undefined): void {
    if (Array.isArray(child)) for (const each of child) visitChild(each, scope)
    else if (isTree(child)) visit(child, scope)
  }
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'
}

/** What `let`, `const`, `class` and `function` declare among these statements. */
function lexicalNames(statements: Tree[]): Set<string> {
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
function collectVars(node: Tree, names: Set<string>): void {
  if (/Function|Class/.test(node.type)) return
  if (node.type === 'VariableDeclaration' && node['kind'] === 'var') {
    for (const declarator of node['declarations'] as Tree[]) addNames(declarator['id'], names)
  }
  for (const key in node) {
    const child = node[key]
    for (const each of Array.isArray(child) ? child : [child]) if (isTree(each)) collectVars(each, names)
  }
}

function namesOf(patterns: unknown[]): Set<string> {
  const names = new Set<string>()
  for (const pattern of patterns) addNames(pattern, names)
  return names
}

/** The names that a pattern binds: `a`, `{ b: c = 1 }`, `[d, ...e]`. */
function addNames(pattern: unknown, names: Set<string>): void {
  if (!isTree(pattern)) return
  switch (pattern.type) {
    case 'Identifier':
      names.add(pattern['name'] as string)
      return
    case 'ObjectPattern':
      for (const property of pattern['properties'] as Tree[]) addNames(property['value'] ?? property['argument'], names)
      return
    case 'ArrayPattern':
      for (const element of pattern['elements'] as unknown[]) addNames(element, names)
      return
    case 'AssignmentPattern':
      return addNames(pattern['left'], names)
    case 'RestElement':
      return addNames(pattern['argument'], names)
  }
}
