import { expect, test } from 'vitest'
import { captureFunction, restoreFunction } from './index.ts'
import * as local from './fixtures/cases/local-module.ts'
import * as acorn from 'acorn'

const hub = { call: (n: number) => n, socket: new (class Socket {})() }
const { call } = hub
const wrapped = { hub, call }
const byName = new Map<object, string>([
  [hub, 'hub'],
  [hub.call, 'hub.call'],
  [local.scale, 'scale'],
  [acorn.parse, 'parse'],
])
const there = { call: (n: number) => n + 1000 }
const named = new Map<string, unknown>([
  ['hub', there],
  ['hub.call', there.call],
  ['scale', () => 'scaled there'],
  ['parse', () => 'parsed there'],
])

const uses: [string, (n: number) => unknown, unknown][] = [
  ['captured itself', (n) => hub.call(n), 1001],
  ['a method taken off it', (n) => call(n), 1001],
  ['imported through a local module', (n) => local.scale(n), 'scaled there'],
  ['imported from a package', () => acorn.parse('1', { ecmaVersion: 2020 }), 'parsed there'],
  ['inside an object', (n) => wrapped.call(wrapped.hub.call(n)), 2001],
]

test.each(uses)('an object given by name is replaced by what has that name there: %s', async (_use, fn, expected) => {
  const { bytes } = captureFunction(fn, { byName })
  expect(await (await restoreFunction(bytes, { named: async () => named }))(1, 0)).toEqual(expected)
})

test('a name that nobody gives there is an error that says so', async () => {
  const { bytes } = captureFunction((n: number) => hub.call(n), { byName })
  await expect(restoreFunction(bytes)).rejects.toThrow(/refers to `hub`, which nobody has given here/)
})

test('names are asked for only where the function refers to one', async () => {
  let asked = 0
  const names = async () => {
    asked++
    return named
  }
  const plain = captureFunction((n: number) => n + 1, { byName })
  expect(await (await restoreFunction(plain.bytes, { named: names }))(1, 0)).toBe(2)
  expect(asked).toBe(0)
  const { bytes } = captureFunction((n: number) => hub.call(n), { byName })
  await restoreFunction(bytes, { named: names })
  expect(asked).toBe(1)
})
