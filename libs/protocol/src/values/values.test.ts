import { describe, expect, test } from 'vitest'
import { BurlaError } from '../errors.ts'
import { decodeValue, encodeValue } from './index.ts'

const roundTrip = <T>(value: T): T => decodeValue(encodeValue(value)) as T

class Point {
  x = 1
  get double() {
    return this.x * 2
  }
}

const same: [string, unknown][] = [
  ['plain data', { a: [1, 'two', true, null, { b: {} }], 'c.d': '' }],
  ['text with a lone surrogate', 'a\ud800b'],
  ['undefined', undefined],
  ['undefined inside', { a: undefined, b: [undefined] }],
  ['NaN and infinities', [NaN, Infinity, -Infinity]],
  ['-0', -0],
  ['-0 inside', [-0, 0]],
  ['BigInt', [0n, -(2n ** 80n)]],
  ['Date', new Date(1_700_000_000_000)],
  ['an invalid Date', new Date(NaN)],
  [
    'Map with keys of all kinds',
    new Map<unknown, unknown>([
      [{ a: 1 }, new Set([new Date(0)])],
      ['k', 1n],
      [NaN, -0],
    ]),
  ],
  ['Set in its order', new Set([new Date(2), 1, new Date(1), 'x', undefined])],
  ['RegExp with its place', Object.assign(/a\/(?<n>b)/giu, { lastIndex: 3 })],
  ['URL', { at: new URL('https://u:p@example.com:8080/a?b=c#d') }],
  ['URLSearchParams', new URLSearchParams('a=1&a=2&b=%20')],
  ['boxed primitives', [Object(1), Object('a'), Object(2n), Object(false), Object(-0), Object('\ud800')]],
  ['null-prototype object', Object.assign(Object.create(null) as object, { a: new Date(0) })],
  ['null-prototype object of plain data', Object.assign(Object.create(null) as object, { a: 1 })],
  ['keys that are dangerous elsewhere', JSON.parse('{"__proto__":{"x":1},"constructor":2,"prototype":3,"a.b":[4]}')],
  ['the same with rich values', { ...JSON.parse('{"constructor":2,"prototype":3,"a.b":[4],"a\\\\.b":5}'), d: 1n }],
  ['keys that look like an encoded value', { 0: ['array', [1]], '': [-1], array: [0] }],
  ['array with holes', [1, , 3, , undefined]], // eslint-disable-line no-sparse-arrays
  ['array that is nearly all holes', Object.assign([], { length: 4_000_000_000, 7: 'x', 3_999_999_999: 'y' })],
  ['Buffer', Buffer.from('héllo')],
  ['empty Buffer', Buffer.alloc(0)],
  ['Buffer inside', { a: [Buffer.from('x'), Buffer.alloc(3), new Uint8Array([9])], b: 1 }],
  ['ArrayBuffer', new Uint8Array([1, 2, 3]).buffer],
  ['DataView', new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2)],
]

describe('a value arrives as it left', () => {
  test.each(same)('%s', (_name, value) => {
    const arrived = roundTrip(value)
    expect(arrived).toStrictEqual(value)
    expect(Object.getPrototypeOf(Object(arrived))).toBe(Object.getPrototypeOf(Object(value)))
  })

  const views = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array]
  const wideViews = [Float32Array, Float64Array]
  test.each([...views, ...wideViews])('%o, alone and beside an odd number of bytes', (View) => {
    const value = new View([1, 2, 3])
    expect(roundTrip(value)).toStrictEqual(value)
    expect(roundTrip([Buffer.from('odd'), value])).toStrictEqual([Buffer.from('odd'), value])
  })

  test.each([BigInt64Array, BigUint64Array])('%o', (View) => {
    expect(roundTrip(new View([1n, 2n ** 40n]))).toStrictEqual(new View([1n, 2n ** 40n]))
  })

  test('bytes are read from a message at any address', () => {
    const encoded = encodeValue({ a: 1n, numbers: new Float64Array([1.5, 2.5]) })
    const message = Buffer.concat([Buffer.from('x'), encoded]).subarray(1)
    expect(decodeValue(message)).toStrictEqual({ a: 1n, numbers: new Float64Array([1.5, 2.5]) })
  })

  test('a view travels alone, without the rest of its buffer', () => {
    const view = new Uint8Array(new ArrayBuffer(1_000_000), 10, 2)
    expect(encodeValue(view).length).toBeLessThan(100)
    expect(roundTrip(view).buffer.byteLength).toBe(2)
  })

  test('shared references stay shared, in every kind of container', () => {
    const shared = { x: 1 }
    const arrived = roundTrip({ list: [shared, shared], map: new Map([[shared, shared]]), set: new Set([shared]) })
    const [first] = arrived.list
    expect(arrived.list[1]).toBe(first)
    expect([...arrived.map.entries()][0]).toEqual([first, first])
    expect(arrived.map.get(first as typeof shared)).toBe(first)
    expect(arrived.set.has(first as typeof shared)).toBe(true)
  })

  test('cycles close again, through objects, arrays, Maps, Sets and errors', () => {
    const object: Record<string, unknown> = {}
    const [array, map, set, error] = [[object] as unknown[], new Map<unknown, unknown>(), new Set(), new Error('e')]
    Object.assign(object, { object, array, map, set, error })
    map.set(map, array)
    set.add(set)
    error.cause = object
    const arrived = roundTrip(object) as { [key in 'object' | 'array' | 'map' | 'set' | 'error']: unknown }
    expect(arrived.object).toBe(arrived)
    expect((arrived.array as unknown[])[0]).toBe(arrived)
    expect((arrived.map as Map<unknown, unknown>).get(arrived.map)).toBe(arrived.array)
    expect((arrived.set as Set<unknown>).has(arrived.set)).toBe(true)
    expect((arrived.error as Error).cause).toBe(arrived)
  })

  test('100,000 levels are not too deep', () => {
    let value: unknown = 'bottom'
    for (let level = 0; level < 100_000; level++) value = { value }
    let arrived = roundTrip(value)
    for (let level = 0; level < 100_000; level++) arrived = (arrived as { value: unknown }).value
    expect(arrived).toBe('bottom')
  })

  test('an instance of a class arrives as its own data; symbol keys and its toJSON are left behind', () => {
    const value = Object.assign(new Point(), { [Symbol('s')]: 1, toJSON: undefined, at: new Date(0) })
    expect(roundTrip(value)).toStrictEqual({ x: 1, toJSON: undefined, at: new Date(0) })
    expect(roundTrip([new Point()])).toStrictEqual([{ x: 1 }])
  })

  test('getters of a plain object are read', () => {
    expect(roundTrip({ get a() { return 1 }, get b() { return 1n } })).toStrictEqual({ a: 1, b: 1n }) // prettier-ignore
  })
})

describe('an error as a value', () => {
  class AppError extends TypeError {
    code = 7
  }

  test('keeps class name, message, stack, cause and own properties', () => {
    const error = Object.assign(new AppError('bad', { cause: new RangeError('why') }), { detail: { at: new Date(0) } })
    const arrived = roundTrip(error)
    expect(arrived).toBeInstanceOf(TypeError)
    expect(arrived.constructor.name).toBe('AppError')
    expect(arrived).toMatchObject({ message: 'bad', stack: error.stack, code: 7, detail: { at: new Date(0) } })
    expect(arrived.cause).toBeInstanceOf(RangeError)
    expect(Object.keys(arrived)).toEqual(['code', 'detail'])
  })

  test('AggregateError keeps its errors', () => {
    const arrived = roundTrip(new AggregateError([new TypeError('a'), 'b'], 'many'))
    expect(arrived).toBeInstanceOf(AggregateError)
    expect(arrived.errors).toEqual([new TypeError('a'), 'b'])
  })

  test('two errors of one class have one class again', () => {
    const [one, two] = roundTrip([new AppError('1'), new AppError('2')]) as [Error, Error]
    expect(one.constructor).toBe(two.constructor)
  })
})

describe('bytes of another version', () => {
  const advice = 'Install the same version of burla on both sides and run the job again.'
  test.each([
    [
      Buffer.from([9, 1]),
      `inputs[3] was written by the program with codec 9, and the cluster reads codec 1: the program has the newer Burla. ${advice}`,
    ],
    [
      Buffer.alloc(0),
      `inputs[3] was written by the program with no codec that is known, and the cluster reads codec 1. ${advice}`,
    ],
  ])('%o are refused in a sentence', (bytes, sentence) => {
    const origin = { what: 'inputs[3]', from: 'program' } as const
    expect(() => decodeValue(bytes, { origin })).toThrow(new BurlaError('CODEC_UNKNOWN', sentence))
  })

  test('an unknown form of a known version is damage', () => {
    expect(() => decodeValue(Buffer.from([1, 9]))).toThrow(/a value is damaged/)
  })
})
