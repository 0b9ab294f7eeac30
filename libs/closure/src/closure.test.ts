import { beforeAll, describe, expect, test } from 'vitest'
import { cases } from './fixtures/cases.ts'
import { type Captured, type Outcome, runElsewhere, runFixture } from './fixtures/elsewhere.ts'
import { captureFunction } from './index.ts'

const names = Object.keys(cases)

function captureAll(): Captured {
  const captured = Object.entries(cases).map(([name, fn]) => [name, captureFunction(fn).bytes.toString('base64')])
  return Object.fromEntries(captured) as Captured
}

const ways: [string, () => Promise<Captured>][] = [
  ['a program that Node runs', async () => JSON.parse(await runFixture('capture-main.ts')) as Captured],
  ['a module that vitest transformed', () => Promise.resolve(captureAll())],
]

describe.each(ways)('captured in %s, a function gives elsewhere what it gives here', (_way, capture) => {
  let outcomes: Record<string, Outcome>
  beforeAll(async () => {
    outcomes = await runElsewhere(await capture())
  })

  test.each(names)('%s', async (name) => {
    expect(outcomes[name]).toStrictEqual({ value: await cases[name]?.(4, 7) })
  })
})

test('captured in a CommonJS program, a function gives elsewhere what it gives there', async () => {
  const captured = JSON.parse(await runFixture('capture-cjs-main.cjs')) as Captured
  expect(await runElsewhere(captured)).toStrictEqual({
    builtins: { value: ['a/b', 'function'] },
    'a package': { value: 'Program' },
    'a local module': { value: [104, 104] },
    'require and file names': { value: ['function', true] },
    'local data': { value: 9 },
  })
})
