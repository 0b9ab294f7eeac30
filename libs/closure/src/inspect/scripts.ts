/** The scripts that functions come from: their address, kind and text, and where in them a function stands. */
import { fileURLToPath } from 'node:url'
import type { AnyFunction } from '../text/parse.ts'
import type { Inspector } from './inspector.ts'

export interface Script {
  id: string
  url: string
  /** path of the file, undefined for code that came from no file */
  file: string | undefined
  isModule: boolean
  sourceMapUrl: string
  /** where the text begins in the file: a script that was made with offsets */
  startLine: number
  startColumn: number
  source: string
}

export interface Place {
  script: Script | undefined
  /** of the text's first character, from 0, in the file */
  line: number
  column: number
  /** the same in the script's text; -1 when it was not found there */
  offset: number
}

export interface Scope {
  /** as V8 names it: `Module`, `Closure (name)`, `Block`... */
  kind: string
  /** reading a property reads the variable, or throws a ReferenceError when its declaration has not run */
  variables: Record<string, unknown>
}

/**
 * V8 tells a script's address only while its debugger is on, which costs 26 ms the first time and 4 ms later. So all
 * that it tells is kept; texts are fetched one by one.
 */
const announced = new Map<string, Omit<Script, 'source' | 'file'>>()
const scripts = new Map<string, Script>()

/** What V8 knows about a function. */
export function inspectFunction(
  inspector: Inspector,
  fn: AnyFunction,
): { scriptId: string | undefined; position: { line: number; column: number }; scopes: Scope[] } {
  const hidden = inspector.hiddenStateOf(fn)
  const location = hidden.internal('[[FunctionLocation]]')?.value as
    { scriptId: string; lineNumber: number; columnNumber: number } | undefined
  const scopes = inspector.listOf(hidden.internal('[[Scopes]]')) as { description: string; object: object }[]
  return {
    scriptId: location?.scriptId,
    position: { line: location?.lineNumber ?? 0, column: location?.columnNumber ?? 0 },
    scopes: scopes
      .filter(({ description }) => description !== 'Global')
      .map(({ description, object }) => ({ kind: description, variables: object as Record<string, unknown> })),
  }
}

export function scriptOf(inspector: Inspector, scriptId: string | undefined): Script | undefined {
  if (scriptId === undefined) return undefined
  const known = scripts.get(scriptId)
  if (known) return known
  const script = withDebugger(inspector, () => {
    const about = announced.get(scriptId)
    const { scriptSource: source } = inspector.post<{ scriptSource: string }>('Debugger.getScriptSource', { scriptId })
    return about && { ...about, file: fileOf(about.url), source }
  })
  if (script) scripts.set(scriptId, script)
  return script
}

/** Where `text` begins; V8 points at the parameters of a function, which may be lines later. */
export function placeOf(script: Script | undefined, position: { line: number; column: number }, text: string): Place {
  if (!script) return { script, line: 0, column: 0, offset: -1 }
  const line = position.line - script.startLine
  const column = position.column - (line === 0 ? script.startColumn : 0)
  const offset = script.source.lastIndexOf(text, offsetOf(script.source, line) + column)
  if (offset < 0) return { script, ...position, offset }
  const before = script.source.slice(0, offset)
  const lines = before.split('\n').length - 1
  const inLine = offset - (before.lastIndexOf('\n') + 1)
  return {
    script,
    line: script.startLine + lines,
    column: inLine + (lines === 0 ? script.startColumn : 0),
    offset,
  }
}

/** The debugger is on only for moments: while it is, V8 optimizes less. */
export function withDebugger<T>(inspector: Inspector, work: () => T): T {
  if (debugging.has(inspector)) return work()
  const forget = inspector.on('Debugger.scriptParsed', ({ params }: { params: Announcement }) => {
    announced.set(params.scriptId, {
      id: params.scriptId,
      url: params.url,
      isModule: params.isModule === true,
      sourceMapUrl: params.sourceMapURL ?? '',
      startLine: params.startLine,
      startColumn: params.startColumn,
    })
  })
  inspector.post('Debugger.enable')
  forget()
  debugging.add(inspector)
  try {
    return work()
  } finally {
    debugging.delete(inspector)
    inspector.post('Debugger.disable')
  }
}

/** Those whose debugger is on. */
const debugging = new WeakSet<Inspector>()

interface Announcement {
  scriptId: string
  url: string
  isModule?: boolean
  sourceMapURL?: string
  startLine: number
  startColumn: number
}

function offsetOf(source: string, line: number): number {
  let offset = 0
  for (let at = 0; at < line; at++) offset = source.indexOf('\n', offset) + 1
  return offset
}

function fileOf(url: string): string | undefined {
  if (url.startsWith('file:')) return fileURLToPath(url.replace(/[?#].*$/, ''))
  return /^(\/|[A-Za-z]:[\\/])/.test(url) ? url : undefined
}
