/** Values that are made to mislead an encoder, or that nobody thinks of. */
import { describe, expect, test } from 'vitest'
import { decodeValue, encodeValue } from './index.ts'

const roundTrip = <T>(value: T): T => decodeValue(encodeValue(value)) as T
const refusal = (value: unknown): string => {
  try {
    encodeValue(value, 'inputs[3]')
    return 'it was encoded'
  } catch (error) {
    return (error as Error).message
  }
}

describe('bytes that several views show', () => {
  test('views of one ArrayBuffer that is in the value show it again, at their offsets', () => {
    const buffer = new ArrayBuffer(32)
    const value = {
      view: new Float64Array(buffer, 8, 2),
      buffer,
      empty: new Uint8Array(buffer, 5, 0),
      data: new DataView(buffer, 3),
    }
    value.view[0] = 1.5
    const arrived = roundTrip(value)
    expect(arrived).toStrictEqual(value)
    expect([arrived.view.buffer, arrived.empty.buffer, arrived.data.buffer]).toEqual(Array(3).fill(arrived.buffer))
    expect(arrived.view.buffer).toBe(arrived.buffer)
    expect([arrived.view.byteOffset, arrived.empty.byteOffset, arrived.data.byteOffset]).toEqual([8, 5, 3])
    arrived.view[1] = 2.5
    expect(new Float64Array(arrived.buffer)[2]).toBe(2.5)
  })

  test('views that overlap show the same bytes after the trip, and only those', () => {
    const buffer = new ArrayBuffer(1_000_000)
    const words = new Float64Array(buffer, 8_000, 4)
    const bytes = Buffer.from(buffer, 8_003, 10)
    words[0] = Math.PI
    const encoded = encodeValue([bytes, words])
    expect(encoded.length).toBeLessThan(300)
    const [arrivedBytes, arrivedWords] = decodeValue(encoded) as [Buffer, Float64Array]
    expect([arrivedBytes, arrivedWords]).toStrictEqual([bytes, words])
    arrivedBytes[0] = 255
    words[0] = NaN
    bytes.set(arrivedBytes)
    expect(arrivedWords.buffer).toBe(arrivedBytes.buffer)
    expect(new Uint8Array(arrivedWords.buffer)[3 + (8_000 & 7)]).toBe(255)
  })

  test('views of one pool that do not overlap have nothing to do with each other', () => {
    const pool = new ArrayBuffer(8_192)
    const [a, b] = [Buffer.from(pool, 0, 4), Buffer.from(pool, 4, 4)]
    const [x, y] = roundTrip([a, b])
    expect(x?.buffer).not.toBe(y?.buffer)
    expect([x?.length, y?.length]).toEqual([4, 4])
  })

  test('memory that is shared or can grow arrives as a plain copy of what it shows', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(4)).fill(7)
    expect(roundTrip({ shared }).shared).toStrictEqual(new Uint8Array([7, 7, 7, 7]))
    const growing = new ArrayBuffer(4, { maxByteLength: 8 })
    expect(roundTrip([growing, new Uint8Array(growing)])).toStrictEqual([new ArrayBuffer(4), new Uint8Array(4)])
  })

  test('a buffer that was transferred away is refused by its path', () => {
    const buffer = new ArrayBuffer(8)
    const view = new Uint8Array(buffer)
    structuredClone(buffer, { transfer: [buffer] })
    expect(refusal(buffer)).toMatch(/^inputs\[3\]: reading it failed: .*detached/)
    expect(refusal({ a: [view] })).toMatch(/^inputs\[3\]\.a\[0\]: reading it failed: .*detached/)
  })

  test('the kind of an array is what it is, not what it says', () => {
    const liar = Object.defineProperty(new Int16Array([1, 2]), Symbol.toStringTag, { value: 'Uint8Array' })
    expect(roundTrip({ liar }).liar).toStrictEqual(new Int16Array([1, 2]))
    class Bytes extends Uint8Array {}
    expect(Object.getPrototypeOf(roundTrip([new Bytes(2)])[0])).toBe(Uint8Array.prototype)
  })
})

describe('built-in classes with methods of the user', () => {
  class OddMap extends Map<unknown, unknown> {
    override [Symbol.iterator](): MapIterator<[unknown, unknown]> {
      throw new Error('no')
    }
  }
  class OddDate extends Date {
    override getTime() {
      return 7
    }
  }
  class Meters extends Number {
    override valueOf(): number {
      return this as unknown as number
    }
  }
  class Stack extends Array<number> {}

  test.each([
    ['Map', new OddMap([[1, 2]]), new Map([[1, 2]])],
    ['Date', new OddDate(5), new Date(5)],
    ['Number that is its own value', new Meters(3), Object(3)],
    ['Array', Stack.of(1, 2), [1, 2]],
    ['Set with properties', Object.assign(new Set([1]), { extra: 1 }), new Set([1])],
  ])('%s arrives as the built-in', (_name, value: object, expected: object) => {
    const [arrived] = roundTrip([value])
    expect(arrived).toStrictEqual(expected)
    expect(Object.getPrototypeOf(arrived)).toBe(Object.getPrototypeOf(expected))
  })
})

describe('the documented rule for objects', () => {
  test('own enumerable properties with string keys arrive as plain data; all else of a class instance stays', () => {
    class Account {
      #secret = 1
      owner = 'a'
      declare hidden: number
      constructor() {
        Object.defineProperty(this, 'hidden', { value: 2, enumerable: false })
      }
      get doubled(): number {
        throw new Error('a getter of the class is not read')
      }
      read() {
        return this.#secret
      }
    }
    const value = Object.freeze(Object.assign(new Account(), { [Symbol.for('tag')]: 3 }))
    const arrived = roundTrip(value)
    expect(Reflect.ownKeys(arrived)).toEqual(['owner'])
    expect(Object.getPrototypeOf(arrived)).toBe(Object.prototype)
    expect(Object.isFrozen(arrived)).toBe(false)
  })

  test('extra properties of an array stay behind', () => {
    expect(Object.keys(roundTrip(Object.assign([1], { extra: 2 })))).toEqual(['0'])
  })
})

describe('what cannot be read or carried is named', () => {
  const trap = (name: keyof ProxyHandler<object>) =>
    new Proxy({}, { [name]: () => { throw new Error(`trapped ${name}`) } }) // prettier-ignore
  const revoked = () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    return proxy
  }
  test.each([
    ['a revoked proxy', { a: revoked() }, /^inputs\[3\]\.a: reading it failed: .*revoked/],
    ['a revoked proxy alone', revoked(), /^inputs\[3\]: reading it failed: .*revoked/],
    ['a proxy without keys', [trap('ownKeys')], /^inputs\[3\]\[0\]: reading it failed: trapped ownKeys/],
    ['a proxy without prototype', [trap('getPrototypeOf')], /^inputs\[3\]\[0\]: reading it failed: trapped getProto/],
    ['a proxy of a Map', { m: new Proxy(new Map(), {}) }, /^inputs\[3\]\.m: a Proxy of a Map cannot travel/],
    ['an object that pretends to be a URL', [Object.create(URL.prototype)], /^inputs\[3\]\[0\]: reading it failed/],
    ['a boxed symbol', { s: Object(Symbol('x')) }, /^inputs\[3\]\.s\.valueOf\(\): a symbol cannot travel/],
    ['a registered symbol', [Symbol.for('x')], /^inputs\[3\]\[0\]: a symbol cannot travel/],
    ['Intl', { f: new Intl.NumberFormat('en') }, /^inputs\[3\]\.f: a NumberFormat cannot travel/],
    ['a Blob', [new Blob(['x'])], /^inputs\[3\]\[0\]: a Blob cannot travel/],
    ['a File', [new File(['x'], 'f')], /^inputs\[3\]\[0\]: a File cannot travel/],
    ['a FormData', [new FormData()], /^inputs\[3\]\[0\]: a FormData cannot travel/],
    ['a Request', [new Request('http://localhost')], /^inputs\[3\]\[0\]: a Request cannot travel/],
    ['shared memory', { m: new SharedArrayBuffer(1) }, /^inputs\[3\]\.m: a SharedArrayBuffer cannot travel/],
    ['a module', { m: process }, /^inputs\[3\]\.m: a process cannot travel/],
  ])('%s', (_name, value, sentence) => {
    expect(refusal(value)).toMatch(sentence)
  })

  test('text over what V8 can hold is too big, and says so', () => {
    const longest = 'x'.repeat(2 ** 29 - 24)
    const sentence = /^inputs\[3\] has over 512 MiB of text; the limit is 256 MiB: put it into a file in shared\//
    expect(refusal(longest)).toMatch(sentence)
    expect(refusal([1n, longest])).toMatch(sentence)
  })

  test('bytes at the limit travel, above it they are refused with their size', () => {
    const most = Buffer.alloc(256 * 1024 * 1024)
    expect(encodeValue(most).length).toBeGreaterThan(most.length)
    expect(refusal(Buffer.alloc(most.length + 1024))).toMatch(
      /^inputs\[3\] has 268,436,488 bytes; the limit is 256 MiB/,
    )
  })
})

describe('no depth is too deep', () => {
  const levels = 100_000
  const nested = (wrap: (inner: unknown) => unknown) => {
    let value: unknown = 'bottom'
    for (let level = 0; level < levels; level++) value = wrap(value)
    return value
  }
  test.each<[string, (inner: unknown) => unknown, (outer: never) => unknown]>([
    ['arrays', (inner) => [inner], ([inner]: unknown[]) => inner],
    ['Maps', (inner) => new Map([['k', inner]]), (map: Map<string, unknown>) => map.get('k')],
    ['Sets', (inner) => new Set([inner]), (set: Set<unknown>) => [...set][0]],
    ['causes', (inner) => ({ __proto__: null, cause: inner }), (object: { cause: unknown }) => object.cause],
  ])('%s', (_name, wrap, unwrap) => {
    let arrived = roundTrip(nested(wrap))
    for (let level = 0; level < levels; level++) arrived = unwrap(arrived as never)
    expect(arrived).toBe('bottom')
  })

  test('causes of errors', () => {
    let error = new Error('0')
    for (let level = 1; level < 20_000; level++) error = new Error(String(level), { cause: error })
    let arrived: unknown = roundTrip(error)
    for (let level = 19_999; level > 0; level--) arrived = (arrived as Error).cause
    expect((arrived as Error).message).toBe('0')
  })
})

test('errors keep what their class keeps out of sight', () => {
  const value = Object.assign(new AggregateError([new TypeError('a', { cause: undefined })], 'many'), { __proto__: 1 })
  const arrived = roundTrip(value)
  expect(arrived.errors[0]).toBeInstanceOf(TypeError)
  expect(Object.hasOwn(arrived.errors[0] as object, 'cause')).toBe(true)
  const { SuppressedError: Suppressed } = globalThis as { SuppressedError?: new (a: unknown, b: unknown) => Error }
  const suppressed = Suppressed
    ? new Suppressed(new Error('e'), 'why')
    : Object.assign(new Error(), { suppressed: 'why' })
  expect(roundTrip(suppressed)).toMatchObject({ suppressed: 'why' })
  const dom = roundTrip([new DOMException('m', 'AbortError')])[0] as DOMException
  expect(dom).toBeInstanceOf(DOMException)
  expect([dom.name, dom.message, dom.code]).toEqual(['AbortError', 'm', 20])
})
