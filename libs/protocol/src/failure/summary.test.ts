import { expect, test } from 'vitest'
import { ExitError } from '../errors.ts'
import { summarizeFailure } from './index.ts'

class HttpError extends RangeError {}
const named = Object.assign(new Error('m'), { name: 'Mine' })
const hostile = new Proxy(new Error('x'), {
  get() {
    throw new Error('no')
  },
})

test.each<[string, unknown, { name: string; message: string }]>([
  ['a built-in error', new TypeError('m'), { name: 'TypeError', message: 'm' }],
  ['a class of its own that sets no name', new HttpError('m'), { name: 'HttpError', message: 'm' }],
  ['a name that was set', named, { name: 'Mine', message: 'm' }],
  ['a DOMException', AbortSignal.abort().reason, { name: 'AbortError', message: 'This operation was aborted' }],
  ["one of Burla's", new ExitError('INPUT_EXITED', 'm'), { name: 'ExitError', message: 'm' }],
  ['text', 'oops', { name: 'string', message: 'oops' }],
  ['an object', { code: 3 }, { name: 'object', message: '{ code: 3 }' }],
  ['nothing', undefined, { name: 'undefined', message: 'undefined' }],
  ['an error that cannot be read', hostile, { name: 'Error', message: '[reading this failed: no]' }],
])('%s has a name and a message', (_, thrown, summary) => {
  expect(summarizeFailure(thrown)).toEqual(summary)
})

test('P6 a long message is cut at 1 KiB between two characters, and says how much was cut', () => {
  expect(summarizeFailure(new Error('x'.repeat(1024))).message).toBe('x'.repeat(1024))
  expect(summarizeFailure(new Error('x'.repeat(5000))).message).toBe(`${'x'.repeat(1024)} [cut: 3976 more characters]`)
  expect(summarizeFailure(new Error('é'.repeat(600))).message).toBe(`${'é'.repeat(512)} [cut: 88 more characters]`)
  expect(summarizeFailure(new Error('a€'.repeat(400))).message).toMatch(/^(a€){256} \[cut: 288 more/)
})
