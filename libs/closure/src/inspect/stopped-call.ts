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
 * It must never be that a function runs by being captured. So a function of our own is tried first, once per process:
 * where its body is reached, nothing is ever called here and the answer is undefined.
 */
import { anything } from '../anything.ts'
import type { AnyFunction } from '../text/parse.ts'
import type { Inspector } from './inspector.ts'
import { withDebugger } from './scripts.ts'

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
  const make = function (this: object) {
    return () => {
      reached = true
      return this
    }
  }
  const found = stoppedCall(inspector, make.call(given), 'this')
  return !reached && found?.value === given
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
    const { breakpointId } = inspector.post<{ breakpointId: string }>('Debugger.setBreakpointOnFunctionCall', {
      objectId: inspector.idOf(fn),
      condition: `try { ${look}.found.value = ${expression} } catch {} ${look}.end(); false`,
    })
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
