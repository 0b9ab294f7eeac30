import net from 'node:net'
import { BurlaError } from '@burla/protocol'
import { describe, expect, test } from 'vitest'
import { captureFunction } from './index.ts'

const conn = new net.Socket()
const config = { db: { conn } }
const query = () => conn.readable
const ops = { query, size: 1 }
class Secret {
  #value = 1
  read = () => this.#value
  tell() {
    return () => this
  }
}
const secret = new Secret()
const pending = Promise.resolve(1)
function* generate() {
  yield 1
}
class Plain {
  describe() {
    return 'plain'
  }
}
function usesArguments(this: void) {
  return () => arguments.length
}
const derived = new (class extends Plain {
  override describe() {
    return super.describe()
  }
})()

const refused: [string, unknown, RegExp][] = [
  ['no function', 5, /^a function is needed, not a value of type number$/],
  ['null', null, /^a function is needed, not null$/],
  ['a generator', generate, /^generate is a generator function: .*give a function that returns a value$/],
  ['a class', Plain, /^Plain is a class; give a function: \(input\) => new Plain\(input\)$/],
  ['a native function', Math.max, /^max is native or bound .*; wrap it: \(input\) => max\(input\)$/],
  ['a bound function', query.bind(null), /^bound query is native or bound .*; wrap it: \(input\) => query\(input\)$/],
  ['a socket', () => conn, /^fn uses `conn`, which cannot travel: conn: a Socket cannot travel/],
  ['a socket in data', () => config, /^fn uses `config`, which cannot travel: config.db.conn: a Socket cannot travel/],
  ['a socket of a helper', () => query(), /^fn uses `query`, which uses `conn`, which cannot travel: conn: a Socket/],
  ['a socket of a member', () => ops.query(), /^fn uses `ops`, which uses `query`, which uses `conn`, which cannot/],
  ['a promise', () => pending, /^fn uses `pending`, which cannot travel: pending: a Promise cannot travel/],
  ['private state', () => secret, /^fn uses `secret`, which cannot travel: a Secret keeps private state/],
  ['a private name', secret.read, /^read cannot travel: its text cannot stand alone \(Private field '#value'/],
  ['this of an arrow', secret.tell(), /^fn cannot travel: it uses `this` of the code around it; use a variable$/],
  ['arguments of an arrow', usesArguments(), /^fn cannot travel: it uses `arguments` of the code around it/],
  ['super of a method', derived.describe, /^describe cannot travel: it uses `super` of the code around it/],
]

describe('a function that cannot travel is refused at the call, in a sentence that says why', () => {
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
