import { AsyncLocalStorage } from 'node:async_hooks'
import { createHash } from 'node:crypto'
import { EventEmitter } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { PassThrough } from 'node:stream'
import vm from 'node:vm'
import { MessageChannel } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { BurlaError } from '../errors.ts'
import { decodeValue, encodeValue } from './index.ts'

class Client extends EventEmitter {}
class Mine {
  run = () => 1
}

const refused: [string, () => unknown, string][] = [
  ['function', () => () => 1, ': a function'],
  ['async function', () => ({ f: async () => 1 }), '.f: an async function'],
  ['class', () => ({ Client }), '.Client: a function'],
  ['symbol', () => [1, [Symbol('x')]], '[1][0]: a symbol'],
  ['promise', () => ({ a: { b: Promise.resolve() } }), '.a.b: a Promise'],
  ['WeakMap', () => new WeakMap(), ': a WeakMap'],
  ['WeakSet', () => [new WeakSet()], '[0]: a WeakSet'],
  ['WeakRef', () => ({ 'odd key': new WeakRef({}) }), '["odd key"]: a WeakRef'],
  ['generator', () => [(function* () {})()], '[0]: a generator'],
  ['async generator', () => [(async function* () {})()], '[0]: a generator'],
  ['array iterator', () => [1][Symbol.iterator](), ': an iterator'],
  ['Map iterator', () => ({ it: new Map().keys() }), '.it: an iterator'],
  ['socket', () => ({ conn: new net.Socket() }), '.conn: a Socket'],
  ['socket in a Map', () => new Map([['db', new net.Socket()]]), '.get("db"): a Socket'],
  ['socket as a key', () => new Map([[new net.Socket(), 1]]), '.keys()[0]: a Socket'],
  ['socket in a Set', () => new Set([1, new net.Socket()]), '.values()[1]: a Socket'],
  ['socket in a class instance', () => Object.assign(new Mine(), { run: new net.Socket() }), '.run: a Socket'],
  ['socket in an array with holes', () => Object.assign([], { 3: new net.Socket() }), '[3]: a Socket'],
  ['server', () => http.createServer(), ': a Server'],
  ['stream', () => ({ body: new PassThrough() }), '.body: a PassThrough'],
  ['message port', () => new MessageChannel().port1, ': a MessagePort'],
  ['hash', () => createHash('sha256'), ': a Hash'],
  ['AsyncLocalStorage', () => [new AsyncLocalStorage()], '[0]: an AsyncLocalStorage'],
  ['headers', () => new Headers(), ': a Headers'],
  ['response', () => new Response('x'), ': a Response'],
  ['abort signal', () => new AbortController().signal, ': an AbortSignal'],
  ['shared memory', () => new SharedArrayBuffer(8), ': a SharedArrayBuffer'],
  ['a class of the user on one of Node', () => new Client(), ': a Client'],
  ['a method of an instance', () => ({ mine: new Mine() }), '.mine.run: a function'],
  ['a property of an error', () => Object.assign(new Error('x'), { socket: new net.Socket() }), '.socket: a Socket'],
]

describe('what cannot travel is refused with its path', () => {
  test.each(refused)('%s', (_name, make, sentence) => {
    const expected = `inputs[3]${sentence} cannot travel to another machine; make it inside the function`
    expect(() => encodeValue(make(), 'inputs[3]')).toThrow(new BurlaError('INPUT_NOT_PORTABLE', expected))
  })

  test('the code is the one that was asked for', () => {
    const encode = () => encodeValue(() => 1, 'result', 'RESULT_NOT_PORTABLE')
    expect(encode).toThrow(expect.objectContaining({ code: 'RESULT_NOT_PORTABLE' }))
  })

  test('a getter that throws is named, with what it threw as cause', () => {
    const value = { a: { get b() { throw new Error('no') } } } // prettier-ignore
    expect(() => encodeValue(value, 'inputs[0]')).toThrow('inputs[0].a.b: reading it failed: no')
  })
})

test('plain data of another realm travels', () => {
  const value: unknown = vm.runInNewContext('({ a: [1, { b: new Date(0) }], m: new Map([[1, new Set([2])]]) })')
  const expected = { a: [1, { b: new Date(0) }], m: new Map([[1, new Set([2])]]) }
  expect(decodeValue(encodeValue(value))).toStrictEqual(expected)
})
