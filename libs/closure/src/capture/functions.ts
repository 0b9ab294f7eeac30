/**
 * Functions and classes. One of the program itself travels as its text and what its free variables hold; one of a
 * package or of Node as a reference; a native one only by name.
 */
import { types } from 'node:util'
import { inspectFunction, placeOf, scriptOf, type Place, type Scope } from '../inspect/scripts.ts'
import type { FunctionNode, Node, Property } from '../payload/payload.ts'
import { isForeign } from '../references/packages.ts'
import { requireFile } from '../references/require.ts'
import { replacing, type Edit } from '../text/edits.ts'
import { findFreeVariables } from '../text/free-variables.ts'
import { isNative, parseFunction, type AnyFunction, type FunctionText, type Tree } from '../text/parse.ts'
import { readClassText } from '../text/class-text.ts'
import { addClassParts } from './classes.ts'
import { isDeclared } from './declared.ts'
import type { Draft } from './draft.ts'
import { describeForeign } from './foreign.ts'
import type { Graph } from './graph.ts'
import { describeProxy } from './objects.ts'
import { addOuterWords } from './outer-words.ts'
import { addFunctionProperties, addProperties } from './properties.ts'
import { insideTrail, memberTrail, refusal, type Trail } from './refusals.ts'
import { readVariable } from './read-variable.ts'

export function describeFunction(graph: Graph, fn: AnyFunction, trail: Trail): Node {
  if (types.isProxy(fn)) return describeProxy(graph, fn, trail)
  if (isNative(fn)) return describeNative(graph, fn, trail)
  const required = requireFile(fn)
  if (required !== undefined) return { kind: 'require', file: graph.files.place(required) }
  const { scriptId, position, scopes } = inspectFunction(graph.inspector, fn)
  const script = scriptOf(graph.inspector, scriptId)
  if (script && isForeign(script.url)) return describeForeign(graph, fn, trail)

  const text = parse(Function.prototype.toString.call(fn), trail)
  const place = placeOf(script, position, text.text)
  if (script) {
    graph.packages.note(script, scopes)
    graph.declarations.noteScopes(script, scopes)
  }
  return describeLocal(graph, fn, withOuterName(fn, text, place, scopes, trail), place, scopes, trail)
}

function describeLocal(
  graph: Graph,
  fn: AnyFunction,
  text: FunctionText,
  place: Place,
  scopes: Scope[],
  trail: Trail,
): FunctionNode {
  const free = findFreeVariables(text, passedOver(text))
  if (free.hasDirectEval) throw refusal(trail, 'it calls `eval`, which could use any variable', 'write the code out')
  const { file, line, column } = { ...place, file: graph.files.place(place.script?.url ?? '') }
  const node: FunctionNode = {
    kind: 'function',
    code: { text: text.text, form: text.form, isStrict: isStrict(fn, text, place), file, line, column },
    name: nameOf(fn),
    variables: {},
    unset: [],
  }
  const draft: Draft = {
    fn,
    code: node.code,
    source: ' '.repeat(text.offset) + text.text,
    offset: text.offset,
    edits: [],
    variables: node.variables,
    unset: node.unset,
    identifiers: free.identifiers,
    place,
    scopes,
    trail,
  }
  if (text.form === 'method') draft.edits.push(...withoutComputedKey(text, draft.source))
  if (text.form === 'class') addClassParts(graph, { fn, text, draft, node })
  addOuterWords(graph, { fn, free, draft, node })
  graph.modules.addImportedIn(text.text, place.script?.url ?? '')
  graph.variables.bind(draft, free)
  addFunctionProperties(graph, { fn, text, node, trail })
  return node
}

function passedOver(text: FunctionText): ReadonlySet<Tree> | undefined {
  if (text.form === 'class') return readClassText(text).without
  const [key] = text.form === 'method' ? computedKeys(text) : []
  return key && new Set([key])
}

function parse(text: string, trail: Trail): FunctionText {
  try {
    return parseFunction(text)
  } catch (cause) {
    const why = (cause as Error).message
    throw refusal(trail, `its text cannot stand alone (${why})`, 'write it as an arrow or a function', cause)
  }
}

/**
 * A declared function knows itself by a variable around it, which may hold another function by now:
 * `function f() {...}; f = memoize(f)`. As an expression it would see itself, so its name is taken out of the text.
 */
function withOuterName(fn: AnyFunction, text: FunctionText, place: Place, scopes: Scope[], trail: Trail): FunctionText {
  const id = text.form === 'expression' ? (text.node['id'] as { name: string; start: number } | null) : null
  if (!id) return text
  const scope = scopes.find(({ variables }) => Object.hasOwn(variables, id.name))
  if (!scope || readVariable(scope, id.name)?.value === fn || !isDeclared(place)) return text
  const start = id.start - text.offset
  const { length } = id.name
  return parse(text.text.slice(0, start) + ' '.repeat(length) + text.text.slice(start + length), trail)
}

/** The key of `[key]() {...}` may be gone; the function knows its name. */
function withoutComputedKey(text: FunctionText, source: string): Edit[] {
  return computedKeys(text).map(({ start, end }) =>
    replacing({ start: source.lastIndexOf('[', start), end: source.indexOf(']', end) + 1 }, 'm', source),
  )
}

function computedKeys({ program }: FunctionText): Tree[] {
  const [statement] = program['body'] as { expression: Tree }[]
  const members = (statement?.expression['properties'] ?? []) as Tree[]
  return members.filter(({ computed }) => computed === true).map((member) => member['key'] as Tree)
}

/** Only a classic function that is not strict has a `caller` of its own; an arrow is as strict as its file. */
function isStrict(fn: AnyFunction, { form, node }: FunctionText, { script }: Place): boolean {
  if (form === 'class' || script?.isModule) return true
  const isClassic = form === 'expression' && node.type === 'FunctionExpression' && !node['async'] && !node['generator']
  if (isClassic) return !Object.hasOwn(fn, 'caller')
  return /^(?:\s|\/\*[^]*?\*\/|\/\/.*|\(function \(\) \{)*['"]use strict['"]/.test(script?.source ?? '')
}

function nameOf(fn: AnyFunction): string {
  const name: unknown = Object.getOwnPropertyDescriptor(fn, 'name')?.value
  return typeof name === 'string' ? name : ''
}

/** `fn.bind(...)`; any other native function was found by name before, or is unknown to other processes. */
function describeNative(graph: Graph, fn: AnyFunction, trail: Trail): Node {
  const hidden = graph.inspector.hiddenStateOf(fn)
  const target = hidden.internal('[[TargetFunction]]')
  if (!target) {
    const name = nameOf(fn) || 'the function'
    throw refusal(trail, `${name} is native code that has no name in other processes`, 'get it inside the function')
  }
  const [bound, receiver] = graph.inspector.take([target, hidden.internal('[[BoundThis]]') ?? {}])
  const values = graph.inspector.listOf(hidden.internal('[[BoundArgs]]'))
  const own: Property[] = []
  addProperties(graph, own, fn, trail, (key) => key === 'length' || key === 'name')
  return {
    kind: 'bound',
    target: graph.cellOf(bound, trail),
    this: graph.cellOf(receiver, insideTrail(trail, '[bound this]')),
    arguments: values.map((value, at) => graph.cellOf(value, memberTrail(trail, String(at)))),
    ...(own.length > 0 && { own }),
  }
}
