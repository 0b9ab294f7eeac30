/**
 * Where a function failed is told in the files and lines that its user wrote, whatever a tool has made of them. Under vitest
 * stacks name what runs, as all of its own do: its reporter, which has the maps, tells them.
 */
import { basename } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stackLoadersOf, Workshop } from './fixtures/loaders.ts'
import { expectedFrames } from './fixtures/thrower.ts'

const workshop = new Workshop()
beforeAll(() => workshop.open(), 60_000)
afterAll(() => workshop.close())

function framesOf(stack: string): string[] {
  const places = [...stack.matchAll(/^\s+at .*?([^\s(]+):(\d+):\d+\)?$/gm)]
  return places.slice(0, 2).map(([, file = '', line]) => `${basename(file)}:${line}`)
}

test.for(stackLoadersOf(workshop))('$name, Node $node', { timeout: 60_000 }, async (loader) => {
  const stack = await workshop.stack(loader)
  expect(stack).toMatch(/^RangeError: 7 is over 5\n/)
  expect(framesOf(stack)).toEqual(expectedFrames)
})
