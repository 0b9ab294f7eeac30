import { afterAll, beforeAll, expect, test } from 'vitest'
import { captureAll } from './fixtures/capture-all.ts'
import { esmOnly } from './fixtures/cases/esm-only.ts'
import { cases } from './fixtures/cases/index.ts'
import { loadersOf, Workshop, type Rows } from './fixtures/loaders.ts'
import { captureFunction } from './index.ts'

const workshop = new Workshop()
const counts: string[] = []
beforeAll(() => workshop.open(), 60_000)
afterAll(() => {
  workshop.close()
  console.log(['cases that give elsewhere what they give here:', ...counts].join('\n'))
})

/** What differs, by case; told with values that can be read. */
function differences(rows: Rows): Record<string, unknown> {
  const different = Object.entries(rows).filter(([, { here, there }]) => here !== there)
  return Object.fromEntries(
    different.map(([name, { here, there, refused }]) => [
      name,
      refused ?? { here: readable(here), there: readable(there) },
    ]),
  )
}

function readable(outcome = 'nothing'): string {
  const [kind = '', bytes = ''] = outcome.split(' ')
  return `${kind} ${Buffer.from(bytes, 'base64').toString('latin1')}`
}

/** Node 20 shows a variable whose declaration has not run as one that is undefined. */
const gapsOf: Record<string, string[]> = { '20': ['a variable whose declaration has not run'] }

function expectSame(name: string, rows: Rows, gaps: string[] = []): void {
  const failing = differences(rows)
  const all = Object.keys(rows).length
  counts.push(`${String(all - Object.keys(failing).length).padStart(4)} of ${all}  ${name}`)
  expect(Object.keys(failing).filter((each) => gaps.includes(each))).toEqual(gaps)
  for (const gap of gaps) Reflect.deleteProperty(failing, gap)
  expect(failing).toEqual({})
}

test.for(loadersOf(workshop))('$name, Node $node', { timeout: 120_000 }, async (loader) => {
  expectSame(`${loader.name}, Node ${loader.node}`, await workshop.run(loader), gapsOf[loader.node])
})

test('a module that vitest transformed', { timeout: 120_000 }, async () => {
  process.env['CLOSURE_BUILT'] = workshop.built
  const rows = await captureAll({ ...cases, ...esmOnly })
  expectSame('vitest', await workshop.restore(rows))
})

test('syntax that only the newer Node knows is told as that', { timeout: 60_000 }, async () => {
  // oxlint-disable-next-line no-implied-eval -- vitest would rewrite it
  const fn = new Function('return () => { using nothing = null; return nothing }')() as () => unknown
  const rows = { fn: { bytes: captureFunction(fn).bytes.toString('base64'), here: '' } }
  expect((await workshop.restore(rows, '24'))['fn']?.there).toMatch(/^value /)
  expect((await workshop.restore(rows, '20'))['fn']?.refused).toMatch(
    /BurlaError: Node v20\.\S+ cannot read the function, which was captured on Node v24\.\S+ \(.*: Unexpected identifier.*\); run it on a Node that is as new/,
  )
})
