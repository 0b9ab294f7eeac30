/**
 * The api of a cluster, over HTTP or a Unix socket. Every request may be sent twice: what they ask for is the same
 * after the second time. So a connection that is refused or breaks is tried again, for as long as an api that is
 * being restarted would need; then the cluster is unreachable.
 */
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import {
  awakeTimeout,
  BurlaError,
  codecHeader,
  codecVersion,
  errorCodes,
  type ApiAddress,
  type ErrorCode,
} from '@burla/protocol'

/** Where the api is and what it asks for, as a thread of its own can be told. */
export interface ApiTarget {
  /** \`https://burla.example.com\`, or with \`socketPath\` any */
  origin: string
  socketPath?: string
  token: string | undefined
}

export interface ApiClient {
  readonly address: string
  readonly target: ApiTarget
  request(method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, options?: RequestOptions): Promise<unknown>
  /** The JSON documents of an answer that has one per line and may take as long as it likes. Asked once. */
  lines(path: string): AsyncGenerator<unknown>
  close(): void
}

export interface RequestOptions {
  /** a Buffer travels as it is, anything else as JSON */
  body?: unknown
  /** the time in which an answer must come, all attempts together */
  withinMs?: number
}

interface Answer {
  status: number
  body: Buffer
}

const answerWithinMs = 15_000
/** An address that never answered is given up sooner than one that has: then it is probably wrong. */
const firstAnswerWithinMs = 3_000

export function createApiClient(address: ApiAddress, token: string | undefined): ApiClient {
  const base = 'url' in address ? new URL(address.url) : new URL('http://embedded')
  const { request: send, Agent } = base.protocol === 'https:' ? https : http
  const agent = new Agent({ keepAlive: true })
  const name = 'url' in address ? address.url : 'the embedded cluster'
  let hasAnswered = false

  /** Resolves when the answer begins. */
  function open(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<IncomingMessage> {
    const isBytes = Buffer.isBuffer(body)
    const bytes = body === undefined ? undefined : isBytes ? body : Buffer.from(JSON.stringify(body))
    return new Promise((resolve, reject) => {
      const request = send({
        ...('socketPath' in address ? address : { protocol: base.protocol, hostname: base.hostname, port: base.port }),
        method,
        path: base.pathname.replace(/\/$/, '') + path,
        agent,
        ...(signal && { signal }),
        headers: {
          [codecHeader]: codecVersion,
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(bytes && {
            'content-type': isBytes ? 'application/octet-stream' : 'application/json',
            'content-length': bytes.length,
          }),
        },
      })
      request.on('error', reject)
      request.on('response', resolve)
      request.end(bytes)
    })
  }

  async function sendOnce(method: string, path: string, body: unknown, signal: AbortSignal): Promise<Answer> {
    return wholeAnswer(await open(method, path, body, signal))
  }

  async function sendUntil(deadline: AbortSignal, method: string, path: string, body: unknown): Promise<Answer> {
    let lastError: unknown
    for (let waitMs = 20; ; waitMs = Math.min(500, waitMs * 2)) {
      try {
        return await sendOnce(method, path, body, deadline)
      } catch (error) {
        if (deadline.aborted || !isPassing(error)) throw unreachable(name, lastError ?? error)
        lastError = error
        await delay(waitMs)
      }
    }
  }

  return {
    address: name,
    target: { origin: base.href, token, ...('socketPath' in address && address) },
    async request(method, path, { body, withinMs = hasAnswered ? answerWithinMs : firstAnswerWithinMs } = {}) {
      const deadline = new AbortController()
      const stopWaiting = awakeTimeout(withinMs, () => deadline.abort())
      try {
        const answer = await sendUntil(deadline.signal, method, path, body)
        hasAnswered = true
        return readAnswer(answer, name)
      } finally {
        stopWaiting()
      }
    },
    async *lines(path) {
      try {
        const response = await open('GET', path)
        if (response.statusCode !== 200) readAnswer(await wholeAnswer(response), name)
        for await (const line of createInterface({ input: response })) yield JSON.parse(line)
        // An answer that broke off ends its lines too.
        if (!response.complete) throw new Error('the connection broke off')
      } catch (error) {
        throw error instanceof BurlaError ? error : unreachable(name, error)
      }
    },
    close: () => agent.destroy(),
  }
}

async function wholeAnswer(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return { status: response.statusCode ?? 0, body: Buffer.concat(chunks) }
}

function readAnswer({ status, body }: Answer, name: string): unknown {
  if (status >= 200 && status < 300) return body.length > 0 ? JSON.parse(body.toString()) : undefined
  const { code, message } = errorOf(body)
  if (code) throw new BurlaError(code, message)
  if (status === 401) {
    throw new BurlaError('UNAUTHORIZED', `${name} refused the token; check BURLA_TOKEN`)
  }
  throw new BurlaError(
    'CLUSTER_UNREACHABLE',
    `${name} answered with status ${status}; is this address a Burla cluster?`,
  )
}

function errorOf(body: Buffer): { code?: ErrorCode; message: string } {
  try {
    const { error } = JSON.parse(body.toString()) as { error?: { code?: string; message?: string } }
    if (error?.code && error.code in errorCodes) return { code: error.code as ErrorCode, message: error.message ?? '' }
  } catch {
    // Not one of ours: something else answers at this address, and the status tells what there is to tell.
  }
  return { message: '' }
}

function isPassing(error: unknown): boolean {
  return /^(ECONNREFUSED|ECONNRESET|EPIPE|ENOENT|EAI_AGAIN)$/.test((error as NodeJS.ErrnoException).code ?? '')
}

function unreachable(name: string, cause: unknown): BurlaError {
  const { code, message } = cause as NodeJS.ErrnoException
  return new BurlaError(
    'CLUSTER_UNREACHABLE',
    `${name} does not answer (${code ?? message}); check that it is running and that this machine can reach it`,
    { cause },
  )
}
