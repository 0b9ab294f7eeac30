import { Agent } from 'node:http'
import net from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ExitError, InputLostError, TimeoutError } from '../errors.ts'
import { decodeFailure, encodeFailure, errorClassesByNames, withCallSite } from './index.ts'

const arrive = (thrown: unknown) => decodeFailure(encodeFailure(thrown))
const arriveAsError = (thrown: unknown) => arrive(thrown) as Error & Record<string, unknown>

class HttpError extends RangeError {
  status = 503
}
class RetryableError extends HttpError {}

describe('an error that was thrown remotely', () => {
  test('has the class name, message, own properties, cause and stack it had there', () => {
    const thrown = new RetryableError('busy', { cause: new TypeError('socket', { cause: 'wire' }) })
    const error = arriveAsError(thrown)
    expect(error).toMatchObject({ name: thrown.name, message: 'busy', status: 503, stack: thrown.stack })
    expect(error.constructor.name).toBe('RetryableError')
    expect((Object.getPrototypeOf(error.constructor) as { name: string }).name).toBe('HttpError')
    expect(error).toBeInstanceOf(RangeError)
    expect(error.cause).toBeInstanceOf(TypeError)
    expect((error.cause as Error).cause).toBe('wire')
    expect(Object.keys(error)).toEqual(['status'])
  })

  test.each([TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError, Error])('is a %o', (Class) => {
    expect(arriveAsError(new Class('x')).constructor).toBe(Class)
  })

  test('is an AggregateError with its errors, each of its own class', () => {
    const error = arrive(new AggregateError([new HttpError('a'), 'b'], 'all')) as AggregateError
    expect(error).toBeInstanceOf(AggregateError)
    expect((error.errors[0] as HttpError).status).toBe(503)
    expect(error.errors[1]).toBe('b')
  })

  test('is a DOMException with its name and code', () => {
    const error = arrive(AbortSignal.abort().reason) as DOMException
    expect(error).toBeInstanceOf(DOMException)
    expect([error.name, error.code]).toEqual(['AbortError', DOMException.ABORT_ERR])
  })

  test('is one of ours, with its code and details', () => {
    const exit = Object.assign(new ExitError('INPUT_EXITED', 'exit code 3', { inputIndex: 4 }), { exitCode: 3 })
    expect(arriveAsError(exit)).toBeInstanceOf(ExitError)
    expect(arriveAsError(exit)).toMatchObject({ code: 'INPUT_EXITED', exitCode: 3, inputIndex: 4, name: 'ExitError' })
    expect(arrive(new InputLostError('INPUT_LOST', 'x'))).toBeInstanceOf(InputLostError)
  })

  test("is not ours when only its name is: the program's own TimeoutError", () => {
    const own = { TimeoutError: class extends Error {} }
    const error = arriveAsError(new own.TimeoutError('slow'))
    expect(error.constructor.name).toBe('TimeoutError')
    expect(error).not.toBeInstanceOf(TimeoutError)
  })

  test("is an instance of the caller's own class where that is given", () => {
    const error = decodeFailure(encodeFailure(new HttpError('x')), { classes: errorClassesByNames([HttpError]) })
    expect(error).toBeInstanceOf(HttpError)
  })

  test('carries the index of its input when told', () => {
    expect(decodeFailure(encodeFailure(new Error('x')), { inputIndex: 7 })).toMatchObject({ inputIndex: 7 })
    expect(decodeFailure(encodeFailure('text'), { inputIndex: 7 })).toBe('text')
  })

  test('keeps what a system error says', () => {
    const thrown = Object.assign(new Error('open'), { code: 'ENOENT', errno: -2, path: '/x' })
    expect(arriveAsError(Object.freeze(thrown))).toMatchObject({ code: 'ENOENT', errno: -2, path: '/x' })
  })
})

describe('what is no error arrives as the same value', () => {
  const values: [unknown][] = [
    ['text'],
    [5],
    [undefined],
    [null],
    [NaN],
    [{ code: 1, at: new Date(0) }],
    [Buffer.from('x')],
    [10n],
  ]
  test.each(values)('%o', (thrown) => {
    expect(arrive(thrown)).toStrictEqual(thrown)
  })

  test('a function or symbol arrives as its text', () => {
    expect(arrive(function oops() {})).toBe('[Function: oops]')
    expect(arrive(Symbol('s'))).toBe('Symbol(s)')
  })
})

describe('telling a failure never fails', () => {
  test('an error like those of axios keeps its data; what cannot travel becomes text', () => {
    const request = { agent: new Agent(), socket: new net.Socket(), onError: () => {} }
    const response = { status: 500, data: { why: 'down' }, request }
    const config = { url: '/a', transform: [(x: unknown) => x], response }
    const error = arriveAsError(Object.assign(new Error('Request failed'), { config, response, request }))
    expect(error).toMatchObject({ config: { url: '/a' }, response: { status: 500, data: { why: 'down' } } })
    expect((error['request'] as typeof request).socket).toMatch(/^Socket \{/)
    expect((error['config'] as typeof config).transform[0]).toBe('[Function (anonymous)]')
    expect((error['config'] as typeof config).response).toBe(error['response'])
  })

  test('getters that throw are told as such', () => {
    const error = new Error('x')
    for (const key of ['message', 'stack', 'detail']) {
      Object.defineProperty(error, key, {
        enumerable: key === 'detail',
        get: () => {
          throw new Error(`no ${key}`)
        },
      })
    }
    expect(arriveAsError(error)).toMatchObject({
      message: '[reading this failed: no message]',
      stack: '[reading this failed: no stack]',
      detail: '[reading this failed: no detail]',
    })
  })

  test('an error that is its own cause arrives so', () => {
    const thrown = new Error('x')
    thrown.cause = thrown
    const error = arriveAsError(thrown)
    expect(error.cause).toBe(error)
  })

  test('something that resists every look is an error that says so', () => {
    const resist = () => {
      throw new Error('no')
    }
    const handler = {
      get: resist,
      getPrototypeOf: resist,
      ownKeys: resist,
      getOwnPropertyDescriptor: resist,
      has: resist,
    }
    expect(arriveAsError(new Proxy({}, handler)).message).toMatch(/cannot be described/)
    const revocable = Proxy.revocable({}, {})
    revocable.revoke()
    expect(arrive({ revoked: revocable.proxy })).toBeDefined()
  })

  test.each([
    ['message', () => new Error('m'.repeat(3e6))],
    [
      'property',
      () => Object.assign(new HttpError('x'), { body: 'é'.repeat(3e6), list: Array.from({ length: 1e6 }, () => 1) }),
    ],
    ['cause', () => new Error('x', { cause: new Error('y', { cause: { data: Buffer.alloc(3e6) } }) })],
    [
      'chain of causes',
      () => Array.from({ length: 3_000 }).reduce<Error>((cause) => new Error('c', { cause }), new Error()),
    ],
    [
      'errors',
      () =>
        new AggregateError(
          Array.from({ length: 5_000 }, () => new HttpError('one of many')),
          'all',
        ),
    ],
    ['text', () => 'é'.repeat(3e6)],
    ['bytes', () => Buffer.alloc(3e6)],
    ['control characters', () => new Error('\u0001'.repeat(1e6))],
    [
      'many properties',
      () => Object.assign(new Error('x'), Object.fromEntries(Array.from({ length: 1e5 }, (_, i) => [i, 'v']))),
    ],
  ])('a huge %s is cut to the limit, and says so', (_name, make) => {
    const thrown = make()
    const bytes = encodeFailure(thrown)
    expect(bytes.length).toBeLessThanOrEqual(1024 * 1024)
    const classOf = (value: unknown) => (value instanceof Error ? value.constructor.name : typeof value)
    expect([classOf(thrown), 'string']).toContain(classOf(decodeFailure(bytes)))
  })

  test('the cut is visible where it was made', () => {
    const error = arriveAsError(Object.assign(new Error('m'.repeat(3e6)), { code: 'E_BIG' }))
    expect(error.message).toMatch(/^mmm.*m \[cut: \d+ more characters\]$/)
    expect(error['code']).toBe('E_BIG')
  })

  test('whatever was thrown, and however small the limit', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true, withSparseArray: true }), (value) => {
        expect(arriveAsError(Object.assign(new Error('x'), { value }))).toMatchObject({ message: 'x' })
        expect(() => arrive(value)).not.toThrow()
        expect(encodeFailure(value, { maxBytes: 2_000 }).length).toBeLessThanOrEqual(2_000)
      }),
    )
  })
})

test('the frames of the call stand below those of the failure', () => {
  const error = arriveAsError(new Error('x'))
  const remote = error.stack
  withCallSite(error, 'Error\n    at main (/home/me/script.ts:3:9)')
  expect(error.stack).toBe(`${remote}\n    --- called from ---\n    at main (/home/me/script.ts:3:9)`)
  expect(Object.keys(error)).toEqual([])
})

test('what travels of stacks, and how they are told, concerns every error in it, at any depth', () => {
  const deep = new Error('deep')
  const thrown = new AggregateError([new TypeError('first')], 'many', { cause: Object.assign(deep, { other: deep }) })
  for (const error of [thrown, deep, thrown.errors[0] as Error]) error.stack = 'Error: x\n    at theirs\n    at ours'
  const bytes = encodeFailure(thrown, { stack: (stack) => stack.replace('\n    at ours', '') })
  const error = decodeFailure(bytes, { stack: (stack) => stack.replace('theirs', 'mine') }) as typeof thrown
  const all = [error, error.cause, error.errors[0]] as Error[]
  expect(all.map(({ stack }) => stack)).toEqual(Array(3).fill('Error: x\n    at mine'))
  expect(thrown.stack).toContain('at ours')
})
