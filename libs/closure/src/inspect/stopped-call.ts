/**
 * A look from inside a function: code that is evaluated where its first statement would begin, with its `this` and its
 * variables, and then the call is terminated. The function's own statements never run.
 *
 * V8 shows the variables around a function, but neither the `this` of an arrow nor whether two functions share a
 * variable or have one each. A breakpoint at the entry whose condition is our code sees both. The condition's last act
 * is to ask for the end of the execution; V8 looks for such requests when it leaves the condition, before it goes on
 * (`Runtime_DebugBreakOnBytecode`), and the evaluation around the call takes the end in. A heap snapshot would tell the
 * same in 200 to 2,500 ms; this takes 2.
 *
 * V8's own breakpoint on a call is where the function can first stop, which may be in the default of a parameter; no
 * default is reached here, so where parameters have any it is set behind them.
 *
 * It must never be that a function runs by being captured. So a function of our own is tried first, once per process:
 * where its body is reached, nothing is ever called here and the answer is undefined.
 */
import { anything } from '../anything.ts'
import { isTree, parseFunction, type AnyFunction, type Tree } from '../text/parse.ts'
import type { Inspector } from './inspector.ts'
import { inspectFunction, placeOf, scriptOf, withDebugger, type Script } from './scripts.ts'

const look = '__burla_look__'

let isSafe: boolean | undefined

/** What `expression` gives inside `fn`, or undefined where that cannot be seen. */
export function lookInside(inspector: Inspector, fn: AnyFunction, expression: string): { value: unknown } | undefined {
  return withDebugger(inspector, () => {
    isSafe ??= neverReachesBody(inspector)
    return isSafe ? stoppedCall(inspector, fn, expression) : undefined
  })
}

function neverReachesBody(inspector: Inspector): boolean {
  let reached = false
  const given = {}
  const reach = () => (reached = true)
  const make = function (this: object) {
    const plain = () => {
      reach()
      return this
    }
    const withDefaults = (_a = reach(), { b: _b = reach() } = {}) => {
      reach()
      return this
    }
    return [plain, withDefaults]
  }
  const found = make.call(given).map((fn) => stoppedCall(inspector, fn as AnyFunction, 'this'))
  return !reached && found.every((each) => each?.value === given)
}

function stoppedCall(inspector: Inspector, fn: AnyFunction, expression: string): { value: unknown } | undefined {
  const found: { value?: unknown } = {}
  const call = () => {
    const result = (fn as (...args: unknown[]) => unknown)(...Array.from({ length: 32 }, () => anything))
    // the body of a generator begins with its first `next`
    const next = (result as Partial<Generator> | undefined)?.next
    if (typeof next === 'function') next.call(result)
  }
  const end = () => inspector.send('Runtime.terminateExecution')
  Object.defineProperty(globalThis, look, { value: { found, call, end }, configurable: true })
  try {
    const condition = `try { ${look}.found.value = ${expression} } catch {} ${look}.end(); false`
    const breakpointId = breakBeforeBody(inspector, fn, condition)
    if (breakpointId === undefined) return undefined
    try {
      inspector.post('Runtime.evaluate', { expression: `${look}.call()`, silent: true })
    } catch (error) {
      if (!/terminated/.test((error as Error).message)) throw error
    } finally {
      inspector.post('Debugger.removeBreakpoint', { breakpointId })
    }
  } finally {
    Reflect.deleteProperty(globalThis, look)
  }
  return 'value' in found ? (found as { value: unknown }) : undefined
}

/** Undefined where no place for it is known. */
function breakBeforeBody(inspector: Inspector, fn: AnyFunction, condition: string): string | undefined {
  const text = parseFunction(Function.prototype.toString.call(fn))
  const parameters = text.node['params'] as Tree[] | undefined
  const isPlain = parameters?.every(({ type, argument }) => (isTree(argument) ? argument.type : type) === 'Identifier')
  if (isPlain !== false) {
    const objectId = inspector.idOf(fn)
    return inspector.post<Breakpoint>('Debugger.setBreakpointOnFunctionCall', { objectId, condition }).breakpointId
  }
  const { scriptId, position } = inspectFunction(inspector, fn)
  const script = scriptOf(inspector, scriptId)
  const { offset } = placeOf(script, position, text.text)
  if (!script || offset < 0) return undefined
  const at = (inTree: number) => locationIn(script, offset + inTree - text.offset)
  const { locations } = inspector.post<{ locations: object[] }>('Debugger.getPossibleBreakpoints', {
    start: at(parameters?.at(-1)?.end ?? 0),
    end: at(text.node.end),
    restrictToFunction: true,
  })
  const [location] = locations
  return location && inspector.post<Breakpoint>('Debugger.setBreakpoint', { location, condition }).breakpointId
}

interface Breakpoint {
  breakpointId: string
}

function locationIn({ id, source, startLine, startColumn }: Script, offset: number): object {
  const before = source.slice(0, offset)
  const line = before.split('\n').length - 1
  const column = offset - (before.lastIndexOf('\n') + 1) + (line === 0 ? startColumn : 0)
  return { scriptId: id, lineNumber: startLine + line, columnNumber: column }
}
