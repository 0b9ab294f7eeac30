/**
 * Variables that several functions share. Each function is evaluated by itself, with variables of its own. That is right
 * as long as nobody assigns: then a variable is a name for a value. One that a captured function assigns, and another
 * one mentions too, becomes a box: an object with the value as `v`, held by each of them, and each mention in their texts
 * becomes `<box>.v` (compilers call this assignment conversion).
 *
 * Which mentions are of one variable? At the top of a module, those of the same name in the same script, and those of its
 * imports. Elsewhere V8 does not say; variables with different values are different, and for the others one is changed
 * for a moment, from inside a function that never runs (`stopped-call.ts`), to see which of them follow.
 */
import type { Inspector } from '../inspect/inspector.ts'
import { inspectFunction, type Scope } from '../inspect/scripts.ts'
import { lookInside } from '../inspect/stopped-call.ts'
import { propertyFlags, usualFlags } from '../payload/payload.ts'
import { boxing, freshName } from '../text/edits.ts'
import type { FreeVariable } from '../text/free-variables.ts'
import type { AnyFunction } from '../text/parse.ts'
import type { Draft } from './draft.ts'
import type { Graph } from './graph.ts'
import { groupBy, ModuleVariables } from './module-variables.ts'
import type { Namespaces } from './namespaces.ts'
import { readVariable } from './read-variable.ts'

/** One function's use of one variable. */
export interface Mention {
  draft: Draft
  name: string
  variable: FreeVariable
  scope: Scope
  /** undefined: the declaration has not run */
  held?: { value: unknown }
}

export function shareVariables(graph: Graph, mentions: Mention[], namespaces: Namespaces): void {
  const assigned = mentions.filter(({ variable }) => variable.assigned.length > 0)
  if (assigned.length === 0) return
  const names = new Set(assigned.map(({ name }) => name))
  const moduleVariables = new ModuleVariables(assigned)
  const byModule = groupBy(mentions, (mention) => moduleVariables.keyOf(mention))
  for (const [key, group] of byModule) {
    if (key === undefined) continue
    const members = namespaces.liveMembers((...imported) => moduleVariables.keyOfImport(...imported) === key)
    const box = share(graph, group, members.length)
    if (box) for (const member of members) member.splice(1, 2, box, (member[2] ?? usualFlags) | propertyFlags.live)
  }
  const others = (byModule.get(undefined) ?? []).filter(({ name }) => names.has(name))
  for (const sameName of groupBy(others, ({ name }) => name).values()) {
    for (const sameValue of groupBy(sameName, ({ held }) => (held ? held.value : undeclared)).values()) {
      if (!sameValue.some(({ variable }) => variable.assigned.length > 0)) continue
      for (const group of sameVariable(graph.inspector, sameValue)) share(graph, group, 0)
    }
  }
}

const undeclared = Symbol('undeclared')

/** The mentions of one variable get one box, when somebody assigns and somebody else would notice. */
function share(graph: Graph, group: Mention[], others: number): [number] | undefined {
  const [first] = group
  if (!first || group.length + others < 2) return undefined
  if (!group.some(({ variable }) => variable.assigned.length > 0)) return undefined
  const value = group.map(({ draft, name }) => draft.variables[name]).find((cell) => cell !== undefined)
  const box = graph.addNode(value === undefined ? { kind: 'box' } : { kind: 'box', value }, first.draft.trail)
  for (const { draft, name, variable } of group) {
    const boxName = freshName('$b', new Set([...draft.identifiers, ...Object.keys(draft.variables)]))
    draft.edits.push(...boxing(variable, boxName, name))
    draft.variables[boxName] = box
    Reflect.deleteProperty(draft.variables, name)
    draft.unset.splice(0, Infinity, ...draft.unset.filter((each) => each !== name))
  }
  return box
}

/** Splits mentions of variables with the same name and value by variable. */
function sameVariable(inspector: Inspector, mentions: Mention[]): Mention[][] {
  if (mentions.length < 2) return [mentions]
  const groups = new Map<unknown, Mention[]>()
  const giveBack: (() => void)[] = []
  // those that cannot be looked into last: they can still be seen to follow
  const inOrder = mentions.toSorted((a, b) => Number(!wayInto(a)) - Number(!wayInto(b)))
  try {
    for (const mention of inOrder) {
      const fn = wayInto(mention)
      const group = groups.get(presentValue(inspector, mention)) ?? (fn ? undefined : [...groups.values()][0])
      if (group) {
        group.push(mention)
        continue
      }
      const mark = Symbol(mention.name)
      groups.set(mark, [mention])
      const set = fn && setterOf(inspector, fn, mention.name)
      if (!set) continue
      giveBack.push(() => set(mention.held?.value))
      set(mark)
    }
    return [...groups.values()]
  } finally {
    for (const undo of giveBack) undo()
  }
}

/** A function from inside which the variable can be reached: itself, or a method of the class. */
function wayInto({ draft: { fn, code } }: Mention): AnyFunction | undefined {
  if (!fn || code.form !== 'class') return fn
  const { prototype } = fn as unknown as { prototype: object }
  const members = Object.entries(Object.getOwnPropertyDescriptors(prototype))
  const method = members.find(([key, { value }]) => key !== 'constructor' && typeof value === 'function')
  return method?.[1].value as AnyFunction | undefined
}

function presentValue(inspector: Inspector, { draft, name, scope, held }: Mention): unknown {
  if (!draft.fn) return held?.value
  const { scopes } = inspectFunction(inspector, draft.fn)
  const same = scopes[draft.scopes.indexOf(scope)]
  return same && readVariable(same, name)?.value
}

function setterOf(inspector: Inspector, fn: AnyFunction, name: string): ((value: unknown) => void) | undefined {
  return lookInside(inspector, fn, `function () { ${name} = arguments[0] }`)?.value as
    ((value: unknown) => void) | undefined
}
