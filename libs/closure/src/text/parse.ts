/** JavaScript text as a syntax tree. The text is what runs here: types are stripped, transforms are applied. */
import { type Node, type Options, parse } from 'acorn'

/** A node with the properties of its type; acorn's own union of types says less than the walks here need. */
export type Tree = Node & Record<string, unknown>

export type AnyFunction = (...args: never[]) => unknown

export interface FunctionText {
  text: string
  form: 'expression' | 'method' | 'class'
  /** a program that consists of the function, the class, or an object with the method */
  program: Tree
  /** the function, the class, or the method's value */
  node: Tree
  /** where the text begins in the tree's offsets */
  offset: number
}

export function isNative(fn: AnyFunction): boolean {
  return /\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(fn))
}

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'
}

/** Most texts come again: each call of a program captures the same functions. */
const known = new Map<string, FunctionText>()
const mostKnown = 2_000

/** A text that cannot stand alone is a SyntaxError. */
export function parseFunction(text: string): FunctionText {
  const found = known.get(text) ?? parseAnew(text)
  if (known.size >= mostKnown) known.clear()
  known.set(text, found)
  return found
}

function parseAnew(text: string): FunctionText {
  const asExpression = tryParse(`(${text}\n)`)
  if ('program' in asExpression) {
    const node = expressionOf(asExpression.program)
    const form = node.type === 'ClassExpression' ? 'class' : 'expression'
    return { text, form, program: asExpression.program, node, offset: 1 }
  }
  const asMethod = tryParse(`({${text}\n})`)
  if (!('program' in asMethod)) throw asExpression.error
  const [property] = expressionOf(asMethod.program)['properties'] as Tree[]
  return { text, form: 'method', program: asMethod.program, node: property?.['value'] as Tree, offset: 2 }
}

function expressionOf(program: Tree): Tree {
  return (program['body'] as Tree[])[0]?.['expression'] as Tree
}

/** A whole file, whatever kind of module it is. Undefined when it is no JavaScript that acorn knows. */
export function parseFile(source: string): Tree | undefined {
  const parsed = tryParse(source)
  return 'program' in parsed ? parsed.program : undefined
}

function tryParse(source: string): { program: Tree } | { error: unknown } {
  const options: Options = {
    ecmaVersion: 'latest',
    allowHashBang: true,
    allowReturnOutsideFunction: true,
    allowAwaitOutsideFunction: true,
    allowSuperOutsideMethod: true,
    // a function may use private names of the class around it
    checkPrivateFields: false,
  }
  try {
    return { program: parse(source, { ...options, sourceType: 'module' }) as Node as Tree }
  } catch (error) {
    try {
      return { program: parse(source, { ...options, sourceType: 'script' }) as Node as Tree }
    } catch {
      return { error }
    }
  }
}
