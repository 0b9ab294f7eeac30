/**
 * What V8 knows about a function: where its text stands and the variables around it, with their present values.
 * Read with the inspector on the same thread: each post answers before it returns, so nothing runs in between (P5).
 */
import { Session } from 'node:inspector'
import { fileURLToPath } from 'node:url'
import { BurlaError } from '@burla/protocol'

export interface Script {
  url: string
  /** path of the file, undefined for code that came from no file */
  file: string | undefined
  source: string
}

export interface InspectedFunction {
  script: Script | undefined
  /** of the text's first character, from 0 */
  line: number
  column: number
  /** innermost first; reading a property reads the variable */
  scopes: Record<string, unknown>[]
}

export type InspectFunction = (fn: object, text: string) => InspectedFunction

/** V8 tells a script's address only while its debugger is on, which costs 26 ms the first time and 4 ms later. */
const scripts = new Map<string, Script>()

const probe = '__burla_probe__'

interface InternalProperty {
  name: string
  value?: { objectId?: string; value?: unknown }
}

export function withInspector<T>(work: (inspect: InspectFunction) => T): T {
  const session = new Session()
  try {
    session.connect()
  } catch (cause) {
    throw new BurlaError(
      'FUNCTION_NOT_PORTABLE',
      'V8 does not let its inspector read what the function uses; with --permission, add --allow-inspector',
      { cause },
    )
  }
  try {
    return work((fn, text) => inspectFunction(session, fn, text))
  } finally {
    session.disconnect()
  }
}

function inspectFunction(session: Session, fn: object, text: string): InspectedFunction {
  const shared: { fn: object; scopes: { description: string; object: Record<string, unknown> }[] } = { fn, scopes: [] }
  Object.defineProperty(globalThis, probe, { value: shared, configurable: true })
  try {
    const { result } = post<{ result: { objectId: string } }>(session, 'Runtime.evaluate', {
      expression: `${probe}.fn`,
    })
    const { internalProperties } = post<{ internalProperties: InternalProperty[] }>(session, 'Runtime.getProperties', {
      objectId: result.objectId,
      ownProperties: true,
      generatePreview: false,
    })
    const internal = (name: string) => internalProperties.find((property) => property.name === name)?.value
    post(session, 'Runtime.callFunctionOn', {
      objectId: internal('[[Scopes]]')?.objectId,
      functionDeclaration: `function () { ${probe}.scopes = Array.from(this) }`,
    })
    const scopes = shared.scopes.filter((scope) => scope.description !== 'Global').map((scope) => scope.object)
    const location = internal('[[FunctionLocation]]')?.value as Location | undefined
    return { scopes, ...place(session, location, text) }
  } finally {
    delete (globalThis as Record<string, unknown>)[probe]
  }
}

interface Location {
  scriptId: string
  lineNumber: number
  columnNumber: number
}

function place(session: Session, location: Location | undefined, text: string): Omit<InspectedFunction, 'scopes'> {
  if (!location) return { script: undefined, line: 0, column: 0 }
  const script = scripts.get(location.scriptId) ?? readScript(session, location.scriptId)
  const { source } = script
  // V8 points at the parameters; the text begins before them, perhaps on an earlier line
  let offset = 0
  for (let line = 0; line < location.lineNumber; line++) offset = source.indexOf('\n', offset) + 1
  const start = source.lastIndexOf(text, offset + location.columnNumber)
  if (start < 0) return { script, line: location.lineNumber, column: location.columnNumber }
  const before = source.slice(0, start).split('\n')
  return { script, line: before.length - 1, column: before.at(-1)?.length ?? 0 }
}

function readScript(session: Session, scriptId: string): Script {
  let url = ''
  const onScript = (message: { params: { scriptId: string; url: string } }) => {
    if (message.params.scriptId === scriptId) url = message.params.url
  }
  session.on('Debugger.scriptParsed', onScript)
  post(session, 'Debugger.enable', {})
  session.off('Debugger.scriptParsed', onScript)
  const { scriptSource } = post<{ scriptSource: string }>(session, 'Debugger.getScriptSource', { scriptId })
  post(session, 'Debugger.disable', {})
  const script = { url, file: fileOf(url), source: scriptSource }
  scripts.set(scriptId, script)
  return script
}

function fileOf(url: string): string | undefined {
  if (url.startsWith('file:')) return fileURLToPath(url.replace(/[?#].*$/, ''))
  return /^(\/|[A-Za-z]:[\\/])/.test(url) ? url : undefined
}

function post<T>(session: Session, method: string, params: object): T {
  let outcome: { error: Error | null; reply: unknown } | undefined
  session.post(method, params, (error: Error | null, reply?: object) => {
    outcome = { error, reply }
  })
  if (!outcome) throw new Error(`${method}: the inspector of this runtime does not answer at once`)
  if (outcome.error) throw new Error(`${method}: ${outcome.error.message}`)
  return outcome.reply as T
}
