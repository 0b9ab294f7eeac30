/**
 * What cannot travel. The list is open-ended: besides the types named here, an instance of any class that belongs to
 * Node (a global, or exported by a loaded builtin module) or is native code is refused, unless it is one of the
 * classes that the format knows. Such objects keep their state where no property shows it.
 */
import { createRequire, isBuiltin } from 'node:module'
import { types } from 'node:util'
import { byteKind } from './bytes.ts'
import { isError } from './error-parts.ts'

/** `a Socket`, `a function`, ...; undefined when the value can travel. */
export function describeUnportable(value: unknown): string | undefined {
  if (typeof value === 'function') return types.isAsyncFunction(value) ? 'an async function' : 'a function'
  if (typeof value === 'symbol') return 'a symbol'
  if (typeof value !== 'object' || value === null) return undefined
  const proto: unknown = Object.getPrototypeOf(value)
  if (proto === Object.prototype || proto === null || proto === Array.prototype) return undefined
  if (Array.isArray(value) || isCarried(value)) return undefined
  if (types.isGeneratorObject(value)) return 'a generator'
  if (typeof (value as Iterator<unknown>).next === 'function') return 'an iterator'
  for (let at: object | null = proto as object; at && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    const name = nameOfNodeClass(at)
    if (name && types.isProxy(value)) return `a Proxy of ${withArticle(name)}`
    if (name) return withArticle(nameOf(value) ?? name)
  }
  return undefined
}

function isCarried(value: object): boolean {
  return (
    types.isMap(value) ||
    types.isSet(value) ||
    types.isDate(value) ||
    types.isRegExp(value) ||
    value instanceof URL ||
    value instanceof URLSearchParams ||
    types.isBoxedPrimitive(value) ||
    byteKind(value) >= 0 ||
    isError(value)
  )
}

const verdicts = new WeakMap<object, string | false>()

/** The name of the class that `proto` is the prototype of, if that class is Node's and not the user's. */
function nameOfNodeClass(proto: object): string | undefined {
  let verdict = verdicts.get(proto)
  if (verdict === undefined) {
    verdict = judge(proto)
    verdicts.set(proto, verdict)
  }
  return verdict || undefined
}

function judge(proto: object): string | false {
  if (!Object.hasOwn(proto, 'constructor')) return false
  const { constructor } = proto as { constructor: unknown }
  if (typeof constructor !== 'function') return false
  const { name } = constructor
  // Object of another realm (vm) makes plain data
  if (name === 'Object' && Object.getPrototypeOf(proto) === null) return false
  if (/\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(constructor))) return name || 'native object'
  return isOfNode(constructor, name) ? name : false
}

const require = createRequire(process.execPath)

function isOfNode(constructor: unknown, name: string): boolean {
  if (nodeGlobals.has(name) && (globalThis as unknown as Record<string, unknown>)[name] === constructor) return true
  const { moduleLoadList } = process as unknown as { moduleLoadList: string[] }
  return moduleLoadList.some((entry) => {
    const id = /^NativeModule (.+)$/.exec(entry)?.[1]
    if (id === undefined || !isBuiltin(id) || id.startsWith('internal/') || id.startsWith('_')) return false
    const exported = require(id) as Record<string, unknown>
    return (exported as unknown) === constructor || exported[name] === constructor
  })
}

/** Global names as Node made them: taken when this module loads, before most of what a program adds. */
const nodeGlobals = new Set(Object.getOwnPropertyNames(globalThis))

function nameOf(value: object): string | undefined {
  const { constructor } = value as { constructor: unknown }
  return typeof constructor === 'function' && constructor.name ? constructor.name : undefined
}

function withArticle(name: string): string {
  return `${/^[AEIOU]/i.test(name) ? 'an' : 'a'} ${name}`
}
