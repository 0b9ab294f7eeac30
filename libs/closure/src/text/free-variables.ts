/** What a function's text takes from around it, by a walk over its syntax tree with a stack of scopes. */
import { boundIdentifiers, childrenOf, collectVars, lexicalNames, namesOf } from './bindings.ts'
import { isTree, type FunctionText, type Tree } from './parse.ts'

export interface FreeVariable {
  /** the members that are read of it; `null` when it is also used in another way than `name.member` */
  members: Set<string> | null
  /** the values that are assigned to it; `undefined` for `x++`, a pattern or a loop */
  assigned: (Tree | undefined)[]
  /** where it stands, and what must be minded when another expression is put there */
  uses: Use[]
}

export interface Use {
  start: number
  end: number
  /** `{ name }` as a literal or pattern; `name(...)` and `name?.(...)`, whose `this` must stay undefined */
  as: 'plain' | 'shorthand' | { call: Tree }
}

export type OuterWord = 'this' | 'super' | 'arguments'

export interface FreeVariables {
  names: Map<string, FreeVariable>
  /** words that belong to the code around the function */
  outer: Set<OuterWord>
  /** `import.meta` and `import(...)` */
  metas: Tree[]
  imports: Tree[]
  /** names such as `#x` that no class inside declares */
  privateNames: Set<string>
  /** a call of `eval` could use any variable */
  hasDirectEval: boolean
  /** every identifier that occurs, of any meaning: a name that is not here is new */
  identifiers: Set<string>
}

interface Scope {
  names: Set<string>
  parent: Scope | undefined
}

const known = new WeakMap<FunctionText, FreeVariables>()

/** Parts of the tree in `without` are passed over: they do not travel. */
export function findFreeVariables(text: FunctionText, without: ReadonlySet<Tree> = new Set()): FreeVariables {
  const found = known.get(text) ?? findIn(text.program, text.form === 'method', without)
  known.set(text, found)
  return found
}

export function findIn(root: Tree, isMethod: boolean, without: ReadonlySet<Tree> = new Set()): FreeVariables {
  const free: FreeVariables = {
    names: new Map(),
    outer: new Set(),
    metas: [],
    imports: [],
    privateNames: new Set(),
    hasDirectEval: false,
    identifiers: new Set(),
  }
  /** how many functions with a `this` of their own, and objects or classes with a `super`, are around */
  let ownThis = 0
  let ownSuper = isMethod ? -1 : 0
  const classes: Set<string>[] = []
  visit(root, undefined)
  return free

  function visit(node: Tree, scope: Scope | undefined): void {
    if (without.has(node)) return
    switch (node.type) {
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        return visitFunction(node, scope)
      case 'ClassDeclaration':
      case 'ClassExpression':
        return visitClass(node, { names: namesOf([node['id']]), parent: scope })
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
        return visitChildren(node, { names: lexicalNames([node['init'] as Tree]), parent: scope })
      case 'ForInStatement':
      case 'ForOfStatement':
        assign(node['left'], scope)
        return visitChildren(node, { names: lexicalNames([node['left'] as Tree]), parent: scope })
      case 'CatchClause':
        return visitChildren(node, { names: namesOf([node['param']]), parent: scope })
      case 'AssignmentExpression':
        assign(node['left'], scope, node['operator'] === '=' ? (node['right'] as Tree) : undefined)
        return visitChildren(node, scope)
      case 'UpdateExpression':
        assign(node['argument'], scope)
        return visitChildren(node, scope)
      case 'MemberExpression':
        return visitMember(node, scope)
      case 'CallExpression':
        return visitCall(node, scope)
      case 'Property':
        return visitProperty(node, scope)
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
        if ((node['meta'] as Tree)['name'] === 'import') free.metas.push(node)
        return
      case 'ImportExpression':
        free.imports.push(node)
        return visitChildren(node, scope)
      case 'ThisExpression':
        if (ownThis === 0) free.outer.add('this')
        return
      case 'Super':
        if (ownSuper > 0) return
        free.outer.add('super')
        if (ownThis === 0) free.outer.add('this')
        return
      case 'PrivateIdentifier':
        if (!classes.some((names) => names.has(node['name'] as string))) free.privateNames.add(node['name'] as string)
        return
      case 'Identifier':
        return use(node, null, 'plain', scope)
      default:
        visitChildren(node, scope)
    }
  }

  function visitClass(node: Tree, inner: Scope): void {
    for (const name of inner.names) free.identifiers.add(name)
    visitChild(node['superClass'], inner)
    const members = (node['body'] as Tree)['body'] as Tree[]
    classes.push(new Set(members.map(({ key }) => (isPrivate(key) ? key.name : ''))))
    ownThis++
    ownSuper++
    visitChild(node['body'], inner)
    ownThis--
    ownSuper--
    classes.pop()
  }

  function visitFunction(node: Tree, scope: Scope | undefined): void {
    const isArrow = node.type === 'ArrowFunctionExpression'
    const names = namesOf(node['params'] as unknown[])
    if (node.type === 'FunctionExpression') for (const { name } of boundIdentifiers(node['id'])) names.add(name)
    collectVars(node['body'] as Tree, names)
    for (const name of names) free.identifiers.add(name)
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
    if (object.type === 'Identifier' && !node['computed']) use(object, property['name'] as string, 'plain', scope)
    else visit(object, scope)
    if (node['computed'] || property.type === 'PrivateIdentifier') visit(property, scope)
  }

  function visitCall(node: Tree, scope: Scope | undefined): void {
    const callee = node['callee'] as Tree
    if (callee.type !== 'Identifier') return visitChildren(node, scope)
    if (callee['name'] === 'eval' && !isBound('eval', scope)) free.hasDirectEval = true
    use(callee, null, { call: node }, scope)
    for (const argument of node['arguments'] as Tree[]) visit(argument, scope)
  }

  function visitProperty(node: Tree, scope: Scope | undefined): void {
    const value = node['value'] as Tree
    if (!node['shorthand']) {
      if (node['computed']) visitChild(node['key'], scope)
      return visit(value, scope)
    }
    // `{ name }` and, in a pattern, `{ name = 1 }`
    if (value.type === 'Identifier') return use(value, null, 'shorthand', scope)
    use(value['left'] as Tree, null, 'shorthand', scope)
    visit(value['right'] as Tree, scope)
  }

  function use(node: Tree, member: string | null, as: Use['as'], scope: Scope | undefined): void {
    const name = node['name'] as string
    free.identifiers.add(name)
    if (isBound(name, scope)) return
    if (name === 'arguments') return void free.outer.add('arguments')
    const known = variable(name)
    known.uses.push({ start: node.start, end: node.end, as })
    if (member === null) known.members = null
    else known.members?.add(member)
  }

  function assign(pattern: unknown, scope: Scope | undefined, value?: Tree): void {
    for (const each of boundIdentifiers(pattern)) {
      if (!isBound(each.name, scope)) variable(each.name).assigned.push(each === pattern ? value : undefined)
    }
  }

  function variable(name: string): FreeVariable {
    const known = free.names.get(name) ?? { members: new Set<string>(), assigned: [], uses: [] }
    free.names.set(name, known)
    return known
  }

  function visitChildren(node: Tree, scope: Scope | undefined): void {
    if (scope) for (const name of scope.names) free.identifiers.add(name)
    for (const child of childrenOf(node)) visit(child, scope)
  }

  function visitChild(child: unknown, scope: Scope | undefined): void {
    if (isTree(child)) visit(child, scope)
  }
}

function isBound(name: string, scope: Scope | undefined): boolean {
  for (let at = scope; at; at = at.parent) if (at.names.has(name)) return true
  return false
}

export function isPrivate(key: unknown): key is Tree & { name: string } {
  return isTree(key) && key.type === 'PrivateIdentifier'
}
