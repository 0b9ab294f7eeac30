import { AsyncResource } from 'node:async_hooks'
import { spawn } from 'node:child_process'
import { open } from 'node:fs/promises'
import { createRequire } from 'node:module'
import net from 'node:net'
import { PassThrough } from 'node:stream'
import { MessageChannel, Worker } from 'node:worker_threads'
import { BurlaError } from '@burla/protocol'
import { afterAll, describe, expect, test } from 'vitest'
import { captureFunction } from './index.ts'

const require = createRequire(import.meta.url)
require('acorn')
const loaded = require.cache[require.resolve('acorn')]
const conn = new net.Socket()
const server = net.createServer()
const stream = new PassThrough()
const { port1, port2 } = new MessageChannel()
const worker = new Worker('setInterval(() => {}, 1000)', { eval: true })
const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
const file = await open(import.meta.filename)
const timer = setTimeout(() => {}, 0)
clearTimeout(timer)
const pending = Promise.resolve(1)
const config = { db: { conn } }
const weird = { nested: { conn } }
const list = { 'odd name': [1, { conn }] }
const map = new Map([['a', conn]])
const query = () => conn.readable
const ops = { query, size: 1 }
const shared = new Uint8Array(new SharedArrayBuffer(8))
const controller = new AbortController()
const resource = new AsyncResource('x')
function* generate() {
  yield 1
}
const running = generate()
const iterator = [1].values()
const ref = new WeakRef({})
const { proxy: revoked, revoke } = Proxy.revocable({}, {})
revoke()
class Holder {
  #conn: unknown = net.connect({ path: '/nowhere', autoSelectFamily: false }).on('error', () => {})
  read = () => this.#conn
}
const holder = new Holder()
class Plain {
  static #made = 1
  static isPlain = (value: object) => #value in value
  #value = 1
  describe() {
    return 'plain'
  }
  static read() {
    return () => Plain.#made
  }
  get value() {
    return this.#value
  }
}
const derived = new (class extends Plain {
  override describe() {
    return super.describe()
  }
})()
// oxlint-disable-next-line no-implied-eval -- it is what is refused
const evaluate = new Function('code', 'return eval(code)')
function makesTarget(this: object) {
  return () => new.target
}

afterAll(async () => {
  child.kill('SIGKILL')
  port1.close()
  port2.close()
  await Promise.all([worker.terminate(), file.close()])
})

const refused: [string, unknown, RegExp][] = [
  ['no function', 5, /^a function is needed, not a value of type number$/],
  ['null', null, /^a function is needed, not null$/],
  ['a socket', () => conn, /^fn -> conn cannot travel: a Socket holds something of this process only; open or make/],
  ['a socket in data', () => config, /^fn -> config\.db\.conn cannot travel: a Socket holds/],
  ['a socket nested', () => weird.nested.conn, /^fn -> weird\.nested\.conn cannot travel: a Socket holds/],
  ['a socket in a list', () => list, /^fn -> list\["odd name"\]\[1\]\.conn cannot travel: a Socket holds/],
  ['a socket of a helper', () => query(), /^fn -> query -> conn cannot travel: a Socket holds/],
  ['a socket of a member', () => ops.query(), /^fn -> ops\.query -> conn cannot travel: a Socket holds/],
  ['a socket in a map', () => map, /^fn -> map\[value\] cannot travel: a Socket holds/],
  ['a socket in a bound function', query.bind(null), /^bound query -> conn cannot travel: a Socket holds/],
  ['a server', () => server, /^fn -> server cannot travel: a Server holds/],
  ['a stream', () => stream, /^fn -> stream cannot travel: a PassThrough holds/],
  ['a worker', () => worker, /^fn -> worker cannot travel: a Worker holds/],
  ['a port', () => port1, /^fn -> port1 cannot travel: a MessagePort holds/],
  ['a child process', () => child, /^fn -> child cannot travel: a ChildProcess holds/],
  ['an open file', () => file, /^fn -> file cannot travel: a FileHandle holds/],
  ['a timer', () => timer, /^fn -> timer cannot travel: a Timeout holds/],
  ['a module of the cache', () => loaded?.id, /^fn -> loaded cannot travel: an object of Node's own holds/],
  ['a promise', () => pending, /^fn -> pending cannot travel: a Promise is settled in this process only/],
  ['a generator that runs', () => running, /^fn -> running cannot travel: a generator that runs cannot be copied/],
  ['an iterator', () => iterator, /^fn -> iterator cannot travel: an Array Iterator holds/],
  ['a weak reference', () => ref, /^fn -> ref cannot travel: a WeakRef holds/],
  ['an abort signal', () => controller.signal, /^fn -> controller cannot travel: an AbortController holds/],
  ['an async resource', () => resource, /^fn -> resource cannot travel: an AsyncResource holds/],
  [
    'shared memory',
    () => shared,
    /^fn -> shared cannot travel: a SharedArrayBuffer is memory of this process; copy it/,
  ],
  ['a revoked proxy', () => revoked, /^fn -> revoked cannot travel: it is a Proxy that was revoked/],
  ['a socket in a private field', () => holder, /^fn -> holder\.#conn cannot travel: a Socket holds/],
  ['eval', evaluate, /^anonymous cannot travel: it calls `eval`, which could use any variable/],
  ['super of a method', derived.describe, /^describe cannot travel: it uses `super` of the code around it; call it on/],
  [
    'new.target',
    makesTarget.call({}),
    /^fn cannot travel: its text cannot stand alone \('new\.target' can only be used/,
  ],
]

describe('a function that cannot travel is refused at the call, by the way to what cannot', () => {
  test.each(refused)('%s', (_name, fn, sentence) => {
    expect(() => captureFunction(fn)).toThrow(sentence)
    expect(() => captureFunction(fn)).toThrow(BurlaError)
    expect(() => captureFunction(fn)).toThrow(expect.objectContaining({ code: 'FUNCTION_NOT_PORTABLE' }))
  })

  test('a variable that is only shadowed by one inside is not in the way', () => {
    const fn = (input: number) => {
      const conn = input
      return ((config: number) => config + conn)(1)
    }
    expect(() => captureFunction(fn)).not.toThrow()
  })

  test('a variable that has no value yet is not in the way', () => {
    const fn = () => typeof later
    expect(() => captureFunction(fn)).not.toThrow()
    const later = 1
    expect(later).toBe(1)
  })
})

describe('a function that is too big is refused at the call, with the largest of what it uses', () => {
  const text = 'x'.repeat(3 * 2 ** 20)
  const rows = Array.from({ length: 60_000 }, (_, at) => ({ at, name: `row ${at}` }))
  const dates = Array.from({ length: 100_000 }, (_, at) => new Date(at))
  const bytes = new Float64Array(2 ** 20)
  const helpers = { table: { rows, length: () => rows.length } }
  const count = () => rows.length
  const rest = 'pass data as inputs, or put it into a file in shared/ and read it inside the function'

  test.each<[string, () => unknown, string]>([
    [
      'memory',
      () => bytes.length,
      'fn is too big to travel: 8.0 MiB with what it uses, and 1.0 MiB is the most; the largest are fn -> bytes (8.0 MiB)',
    ],
    ['text', () => text.length, 'the largest are fn -> text (3.0 MiB)'],
    ['objects', () => helpers.table.rows.length, 'the largest are fn -> helpers.table.rows (1.8 MiB)'],
    [
      'several',
      () => [dates, text, bytes, rows],
      'the largest are fn -> bytes (8.0 MiB), fn -> dates (7.6 MiB), fn -> text (3.0 MiB)',
    ],
    ['a variable of a helper', () => count(), 'the largest are fn -> count -> rows (1.8 MiB)'],
  ])('%s', (_, fn, sentence) => {
    const capture = () => captureFunction(fn, { mostBytes: 2 ** 20 })
    expect(capture).toThrow(sentence)
    expect(capture).toThrow(rest)
    expect(capture).toThrow(expect.objectContaining({ code: 'FUNCTION_TOO_BIG' }))
  })

  test('the most is 256 MiB where nothing is said', () => {
    const memory = new Uint8Array(256 * 2 ** 20)
    expect(() => captureFunction(() => memory)).toThrow(
      /and 256 MiB is the most; the largest are fn -> memory \(256 MiB\)/,
    )
  })

  test('text that V8 cannot hold in one piece is told too', () => {
    const half = 'y'.repeat(300 * 2 ** 20)
    expect(() => captureFunction(() => [half, half.length, [half]])).toThrow(/the largest are .*half/)
  })
})
