/**
 * What of a class's text must not happen again where it is evaluated anew.
 *
 *  - `extends <expression>`: the superclass is what the class has now, given by a name of ours;
 *  - static blocks and static fields: their effects are in the class already and travel as properties;
 *  - for an instance with private fields, the constructor and the initializers: only a construction can give an object
 *    private names, so there is a way to construct without them ("stamping"), and a hook that sets those names.
 */
import { freshName, replacing, blanking, type Edit } from './edits.ts'
import { findFreeVariables, findIn, isPrivate } from './free-variables.ts'
import type { FunctionText, Tree } from './parse.ts'

export interface ClassText {
  /** parts of the tree that do not travel */
  without: ReadonlySet<Tree>
  /** names that are needed when the class is evaluated: in the keys of members */
  early: string[]
  /** stands for the superclass; undefined for a class without, or that extends null */
  superName: string | undefined
  /** names of private fields of instances and of the class, and whether instances have any private name */
  privateFields: string[]
  privateStatics: string[]
  stamps: boolean
  /** the class has a hook by this name; see `hookOf` */
  hookName: string | undefined
  stampingName: string
  codeName: string
  edits: Edit[]
  /** `static` and the key, as far as it is plain -> text of the method; what is different now was changed later */
  methods: Map<string, string>
}

const known = new WeakMap<FunctionText, ClassText>()

export function readClassText(text: FunctionText): ClassText {
  const found = known.get(text) ?? read(text)
  known.set(text, found)
  return found
}

function read(text: FunctionText): ClassText {
  const source = ' '.repeat(text.offset) + text.text
  const members = (text.node['body'] as Tree)['body'] as Tree[]
  const heritage = text.node['superClass'] as (Tree & { raw?: string }) | null
  const without = new Set<Tree>(
    members.filter(runsOnce).map((member) => (keepsName(member) ? valueOf(member) : member)),
  )
  if (heritage) without.add(heritage)

  const { identifiers } = findFreeVariables(text, without)
  const names = ['$burla_super', '$burla_hook', '$burla_stamping', '$burla_code']
  const [superName = '', hookName = '', stampingName = '', codeName = ''] = names.map((n) => freshName(n, identifiers))

  const edits = members.filter(runsOnce).map((member) => dropped(member, source))
  const extendsNull = heritage?.raw === 'null'
  if (heritage && !extendsNull) edits.push(replacing(heritage, superName, source))
  const privates = members.filter(({ key }) => isPrivate(key))
  const fields = privates.filter(isField)
  const stamps = privates.some((member) => !member['static'])
  if (stamps) edits.push(...members.flatMap((member) => guarded(member, stampingName, heritage !== null)))
  if (privates.length > 0) {
    const end = text.node.end - 1
    edits.push({ start: end, end, text: hookOf({ hookName, stampingName, codeName }, fields.map(nameOfKey)) })
  }
  return {
    without,
    early: earlyNames(members),
    superName: heritage && !extendsNull ? superName : undefined,
    privateFields: fields.filter((member) => !member['static']).map(nameOfKey),
    privateStatics: fields.filter((member) => member['static']).map(nameOfKey),
    stamps,
    hookName: privates.length > 0 ? hookName : undefined,
    stampingName,
    codeName,
    edits,
    methods: methodsOf(members, text),
  }
}

/** Only code inside the class may use its private names, also code that `eval` brings in. */
function hookOf(names: { hookName: string; stampingName: string; codeName: string }, fields: string[]): string {
  const cases = fields.map((name) => `case${JSON.stringify(name)}:o.#${name}=v;break;`).join('')
  return (
    `;static{${names.hookName}={set(o,n,v){switch(n){${cases}}},` +
    `stamp(on){${names.stampingName}=on},run(){return eval(${names.codeName})}}}`
  )
}

function runsOnce(member: Tree): boolean {
  return member.type === 'StaticBlock' || (isField(member) && member['static'] === true)
}

/** A private static field stays declared. */
function keepsName(member: Tree): boolean {
  return isPrivate(member['key'])
}

function dropped(member: Tree, source: string): Edit {
  if (!keepsName(member)) return blanking(member, source)
  const { end } = member['key'] as Tree
  return { start: end, end: member.end, text: source.slice(end, member.end).replace(/[^\n;]/g, ' ') }
}

function guarded(member: Tree, stamping: string, isDerived: boolean): Edit[] {
  if (member.type === 'MethodDefinition' && member['kind'] === 'constructor') {
    const body = (member['value'] as Tree)['body'] as Tree
    const leave = isDerived ? `if(${stamping}){super();return}` : `if(${stamping})return;`
    return [{ start: body.start + 1, end: body.start + 1, text: leave }]
  }
  if (!isField(member) || member['static'] || !member['value'] || isHarmless(member['value'] as Tree)) return []
  const { start } = valueOf(member)
  return [{ start, end: start, text: `${stamping}?0:` }]
}

/** Evaluating it has no effect. (A function also gets its name from the field, which a guard would take away.) */
function isHarmless(value: Tree): boolean {
  return /^(Literal|ArrowFunctionExpression|FunctionExpression)$/.test(value.type)
}

function methodsOf(members: Tree[], { text, offset }: FunctionText): Map<string, string> {
  const methods = new Map<string, string>()
  for (const member of members) {
    if (member.type !== 'MethodDefinition') continue
    const own = text.slice(member.start - offset, member.end - offset)
    if (member['computed']) methods.set(computedKey(withoutStatic(own)), withoutStatic(own))
    else
      methods.set(methodKey(member['static'] === true, nameOfKey(member), member['kind'] as string), withoutStatic(own))
  }
  return methods
}

export function methodKey(isStatic: boolean, key: string, kind: string): string {
  return `${isStatic ? 'static ' : ''}${kind === 'get' || kind === 'set' ? `${kind} ` : ''}${key}`
}

/** What a computed key has given is not known. */
export function computedKey(text: string): string {
  return `[] ${text}`
}

function withoutStatic(text: string): string {
  return text.replace(/^static\b\s*(?![\s=(])/, '')
}

function earlyNames(members: Tree[]): string[] {
  const keys = members.filter(({ computed }) => computed === true).map((member) => member['key'] as Tree)
  return keys.flatMap((key) => [...findIn(key, false).names.keys()])
}

function isField(member: Tree): boolean {
  return member.type === 'PropertyDefinition'
}

function valueOf(member: Tree): Tree {
  return member['value'] as Tree
}

function nameOfKey(member: Tree): string {
  const { name, value } = member['key'] as { name?: string; value?: unknown }
  return name ?? String(value)
}
