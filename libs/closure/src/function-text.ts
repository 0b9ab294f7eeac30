/** The text of a function or class, parsed. The text is what runs here: types are stripped, transforms applied. */
import { type Node, type Options, parse } from 'acorn'

export type AnyFunction = (...args: never[]) => unknown

export interface FunctionText {
  text: string
  isMethod: boolean
  isClass: boolean
  node: Node
  /** where the text begins in `node`'s offsets */
  offset: number
}

/** Undefined for native and bound functions, which have no text. A text that cannot stand alone is a SyntaxError. */
export function readFunctionText(fn: AnyFunction): FunctionText | undefined {
  const text = Function.prototype.toString.call(fn)
  if (/\{\s*\[native code\]\s*\}$/.test(text)) return undefined
  const asExpression = tryParse(`(${text}\n)`)
  if ('node' in asExpression) {
    return { text, isMethod: false, isClass: /^class\b/.test(text), node: asExpression.node, offset: 1 }
  }
  const asMethod = tryParse(`({${text}\n})`)
  if ('node' in asMethod) return { text, isMethod: true, isClass: false, node: asMethod.node, offset: 2 }
  throw asExpression.error
}

/** What stands after `extends`, where that is `Base` or `module.Base`. */
export function superclassOf({
  node,
  isClass,
}: FunctionText): { name: string; member: string | undefined } | undefined {
  if (!isClass) return undefined
  const [statement] = (node as unknown as { body: { expression: { superClass: Heritage | null } }[] }).body
  const heritage = statement?.expression.superClass
  if (!heritage) return undefined
  if (heritage.name !== undefined) return { name: heritage.name, member: undefined }
  const { object, property } = heritage
  return object?.name !== undefined && property?.name !== undefined
    ? { name: object.name, member: property.name }
    : undefined
}

interface Heritage {
  name?: string
  object?: Heritage
  property?: Heritage
}

/** A whole file, whatever kind of module it is. Undefined when it is no JavaScript that acorn knows. */
export function parseFile(source: string): Node | undefined {
  const parsed = tryParse(source)
  return 'node' in parsed ? parsed.node : undefined
}

function tryParse(source: string): { node: Node } | { error: unknown } {
  const options: Options = {
    ecmaVersion: 'latest',
    allowHashBang: true,
    allowReturnOutsideFunction: true,
    allowAwaitOutsideFunction: true,
    allowSuperOutsideMethod: true,
  }
  try {
    return { node: parse(source, { ...options, sourceType: 'module' }) }
  } catch (error) {
    try {
      return { node: parse(source, { ...options, sourceType: 'script' }) }
    } catch {
      return { error }
    }
  }
}
