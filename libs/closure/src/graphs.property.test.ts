/** Random graphs of objects and closures give elsewhere what they give here: identity, shared variables, classes, flags. */
import fc from 'fast-check'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeOutcome } from './fixtures/built-main.ts'
import { Workshop, type Rows } from './fixtures/loaders.ts'
import { anyPlan, build, type Plan } from './fixtures/random-worlds.ts'
import { tellWorld } from './fixtures/world-telling.ts'
import { captureFunction, restoreFunction } from './index.ts'

const workshop = new Workshop()
beforeAll(() => workshop.open(), 60_000)
afterAll(() => workshop.close())

/** Captured first: telling of a world runs its functions, which change it. */
function worldOf(plan: Plan): { bytes: Buffer; here: () => unknown } {
  const roots = build(plan)
  const world = () => tellWorld(roots)
  return { bytes: captureFunction(world).bytes, here: world }
}

test('in this process', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(anyPlan, async (plan) => {
      const { bytes, here } = worldOf(plan)
      const there = await restoreFunction(bytes)
      expect(there(0, 0)).toStrictEqual(here())
    }),
    { numRuns: 60 },
  )
})

test('in a fresh process', { timeout: 120_000 }, async () => {
  const plans = fc.sample(anyPlan, 60)
  const rows: Rows = {}
  for (const [at, plan] of plans.entries()) {
    const { bytes, here } = worldOf(plan)
    rows[at] = { bytes: bytes.toString('base64'), here: await encodeOutcome(here) }
  }
  const restored = await workshop.restore(rows)
  const different = plans.filter((_, at) => !isDeepStrictEqual(restored[at]?.there, restored[at]?.here))
  expect(different).toEqual([])
})
