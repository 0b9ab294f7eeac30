/** What a class needs besides its variables: its superclass, and the private names of itself and its instances. */
import type { Cell, FunctionNode, ObjectNode } from '../payload/payload.ts'
import { readClassText } from '../text/class-text.ts'
import { isNative, parseFunction, type AnyFunction, type FunctionText } from '../text/parse.ts'
import type { Draft } from './draft.ts'
import type { Graph } from './graph.ts'
import { constructorOf, prototypesOf } from './lineage.ts'
import { insideTrail, type Trail } from './refusals.ts'

export function addClassParts(
  graph: Graph,
  { fn, text, draft, node }: { fn: AnyFunction; text: FunctionText; draft: Draft; node: FunctionNode },
): void {
  const parts = readClassText(text)
  draft.edits.push(...parts.edits)
  if (parts.early.length > 0) node.early = parts.early
  if (parts.superName !== undefined) {
    // asked of the class itself: V8 keeps the variable in `extends Base` only when a function uses it
    const value = graph.cellOf(Object.getPrototypeOf(fn), insideTrail(draft.trail, ' extends'))
    node.superclass = { name: parts.superName, value }
  }
  if (parts.hookName === undefined) return
  const { hookName: name, stampingName: stamping, codeName: code, stamps } = parts
  node.hook = { name, stamping, code, stamps }
  const statics = new PrivateValues(graph, fn).take(parts.privateStatics, draft.trail)
  if (Object.keys(statics).length > 0) node.statics = statics
}

/** An object gets its private names back class by class: two classes may use the same name. */
export function addPrivateFields(graph: Graph, node: ObjectNode, object: object, trail: Trail): void {
  // Node's own classes keep private fields as well; what is in those, `base` says.
  const own = [...prototypesOf(object)].filter((proto) => graph.lineage.kinOf(proto) === 'local')
  const classes = own.map(constructorOf).filter((each) => each && isClass(each)) as AnyFunction[]
  const parts = classes.map((each) => readClassText(parseFunction(Function.prototype.toString.call(each))))
  if (!parts.some(({ stamps }) => stamps)) return
  const values = new PrivateValues(graph, object)
  const privates: NonNullable<ObjectNode['privates']> = []
  for (let at = classes.length - 1; at >= 0; at--) {
    const { stamps, privateFields } = parts[at] as (typeof parts)[number]
    if (!stamps) continue
    const of = graph.cellOf(classes[at], insideTrail(trail, '.constructor'))
    privates.push({ of, fields: values.take(privateFields, trail) })
  }
  node.privates = privates
}

function isClass(fn: AnyFunction): boolean {
  return !isNative(fn) && /^class\b/.test(Function.prototype.toString.call(fn))
}

/** V8 lists private fields by name, those of a base class before those of the classes on it. */
class PrivateValues {
  readonly #graph: Graph
  readonly #left: { name: string; value: unknown }[]

  constructor(graph: Graph, owner: object) {
    this.#graph = graph
    const fields = graph.inspector.hiddenStateOf(owner).privates.filter(({ value }) => value !== undefined)
    const values = graph.inspector.take(fields.map(({ value }) => value ?? {}))
    this.#left = fields.map(({ name }, at) => ({ name, value: values[at] }))
  }

  take(names: string[], trail: Trail): Record<string, Cell> {
    const found: Record<string, Cell> = {}
    for (const name of names) {
      const at = this.#left.findIndex((each) => each.name === `#${name}`)
      if (at < 0) continue
      const [field] = this.#left.splice(at, 1)
      found[name] = this.#graph.cellOf(field?.value, insideTrail(trail, `.#${name}`))
    }
    return found
  }
}
