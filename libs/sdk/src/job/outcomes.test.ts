import { expect, test } from 'vitest'
import { encodeFailure, encodeValue, type ResultHeader } from '@burla/protocol'
import { decodeOutcome, describeThrown } from './outcomes.ts'

const header: ResultHeader = {
  type: 'result',
  index: 7,
  status: 'ok',
  attempts: 2,
  durationMs: 5,
  nodeId: 'n',
  slot: 0,
}
const callSite = { stack: 'Error\n    at main (program.ts:3:9)' }

test('a result is the value of its input, with its attempts and duration', () => {
  expect(decodeOutcome(header, encodeValue(new Map([[1, 2]])), callSite)).toEqual({
    status: 'fulfilled',
    index: 7,
    value: new Map([[1, 2]]),
    attempts: 2,
    durationMs: 5,
  })
})

test('an error has the index of its input, and shows where it happened and which call it was', () => {
  const outcome = decodeOutcome({ ...header, status: 'error' }, encodeFailure(new RangeError('too far')), callSite)
  expect(outcome).toMatchObject({ status: 'rejected', index: 7, attempts: 2, reason: expect.any(RangeError) })
  expect(outcome).toMatchObject({ reason: { message: 'too far', inputIndex: 7 } })
  expect(outcome.status === 'rejected' && (outcome.reason as Error).stack).toMatch(
    /^RangeError: too far\n.*outcomes\.test\.ts.*\n {4}--- called from ---\n {4}at main \(program\.ts:3:9\)$/s,
  )
})

test.each<[string, unknown, string]>([
  ['an error', new TypeError('no'), 'TypeError: no'],
  ['a text, also an empty one', '', "''"],
  ['an object without a prototype', Object.assign(Object.create(null), { a: 1 }), '[Object: null prototype] { a: 1 }'],
  ['nothing', undefined, 'undefined'],
])('the reason for the record is never empty and never throws: %s', (_, thrown, text) => {
  expect(describeThrown(thrown)).toBe(text)
})

test('a huge message is cut in the record', () => {
  expect(describeThrown(new Error('x'.repeat(100_000)))).toHaveLength(500)
})

test('stacks are told as the program knows its files, also of causes', () => {
  const thrown = new Error('x', { cause: new Error('y') })
  const ownErrors = () => ({ stack: (text: string) => text.replaceAll('outcomes.test.ts', 'written.ts') })
  const outcome = decodeOutcome({ ...header, status: 'error' }, encodeFailure(thrown), callSite, ownErrors)
  const reason = outcome.status === 'rejected' && (outcome.reason as Error & { cause: Error })
  expect(reason && [reason.stack, reason.cause.stack].map((stack) => stack?.includes('written.ts'))).toEqual([
    true,
    true,
  ])
})
