/**
 * V8's inspector, asked from the thread that it looks at. Each post is answered before it returns, so nothing of the
 * program runs while a function is captured (P5).
 */
import { Session } from 'node:inspector'
import { BurlaError } from '@burla/protocol'

/** How the inspector speaks of a value: primitives by themselves, the rest by an id. */
export interface Remote {
  type?: string
  objectId?: string
  value?: unknown
  unserializableValue?: string
}

export interface HiddenState {
  /** `[[Scopes]]`, `[[Target]]`, `[[Entries]]`... */
  internal(name: string): Remote | undefined
  /** private fields, in the order of the classes that declare them, base first; accessors have no `value` */
  privates: { name: string; value?: Remote }[]
}

const probe = '__burla_probe__'

/** Opens an inspector for the time of `work`. A `BurlaError` says so when this runtime has none. */
export function withInspector<T>(work: (inspector: Inspector) => T): T {
  const inspector = new Inspector()
  try {
    return work(inspector)
  } finally {
    inspector.close()
  }
}

export class Inspector {
  readonly #session: Session
  /** passes values to and from the inspector; no getter or setter of the program is involved */
  readonly #hand: { given: unknown; taken: unknown[] } = { given: undefined, taken: [] }
  readonly #handId: string

  constructor() {
    this.#session = openSession()
    Object.defineProperty(globalThis, probe, { value: this.#hand, configurable: true })
    try {
      this.#handId = this.post<{ result: { objectId: string } }>('Runtime.evaluate', {
        expression: probe,
      }).result.objectId
    } catch (cause) {
      this.close()
      throw cause
    } finally {
      Reflect.deleteProperty(globalThis, probe)
    }
  }

  close(): void {
    this.#session.disconnect()
  }

  on(event: string, listener: (message: { params: never }) => void): () => void {
    this.#session.on(event, listener)
    return () => this.#session.off(event, listener)
  }

  /** The id by which the inspector knows a function or object, until this inspector closes. */
  idOf(value: object): string {
    this.#hand.given = value
    const { result } = this.#call<{ result: { objectId: string } }>('function () { return this.given }')
    this.#hand.given = undefined
    return result.objectId
  }

  /** The values themselves. */
  take(remotes: Remote[]): unknown[] {
    const named = remotes.map(({ objectId, value, unserializableValue }) =>
      objectId !== undefined ? { objectId } : unserializableValue !== undefined ? { unserializableValue } : { value },
    )
    this.#call('function () { this.taken = Array.from(arguments) }', named)
    return this.#hand.taken
  }

  hiddenStateOf(value: object): HiddenState {
    const properties = this.post<{
      internalProperties?: { name: string; value?: Remote }[]
      privateProperties?: { name: string; value?: Remote }[]
    }>('Runtime.getProperties', { objectId: this.idOf(value), ownProperties: true, generatePreview: false })
    return {
      internal: (name) => properties.internalProperties?.find((each) => each.name === name)?.value,
      privates: properties.privateProperties ?? [],
    }
  }

  /** What an internal array holds, such as `[[Scopes]]`. */
  listOf(remote: Remote | undefined): unknown[] {
    if (remote?.objectId === undefined) return []
    const [list] = this.take([remote])
    return Array.from(list as ArrayLike<unknown>)
  }

  post<T>(method: string, params: object = {}): T {
    let outcome: { error: Error | null; reply: unknown } | undefined
    this.#session.post(method, params, (error: Error | null, reply?: object) => {
      outcome = { error, reply }
    })
    if (!outcome) throw unavailable('the inspector of this runtime does not answer at once')
    if (outcome.error) throw new Error(`${method}: ${outcome.error.message}`)
    return outcome.reply as T
  }

  /** Sends without waiting for an answer: nothing of JavaScript runs after it in this call. */
  send(method: string): void {
    this.#session.post(method)
  }

  #call<T>(functionDeclaration: string, args: object[] = []): T {
    return this.post('Runtime.callFunctionOn', { objectId: this.#handId, functionDeclaration, arguments: args })
  }
}

function openSession(): Session {
  if ('bun' in process.versions) throw unavailable('Bun cannot read what a function uses')
  try {
    const session = new Session()
    session.connect()
    return session
  } catch (cause) {
    throw unavailable('V8 does not let its inspector read what the function uses', cause)
  }
}

function unavailable(why: string, cause?: unknown): BurlaError {
  return new BurlaError(
    'FUNCTION_NOT_PORTABLE',
    `no function can be captured here: ${why}; run the program with Node, and with --permission also --allow-inspector`,
    { cause },
  )
}
