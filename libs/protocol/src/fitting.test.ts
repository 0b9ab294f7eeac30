import { expect, test } from 'vitest'
import { slotsOn, whyNoneFits, type NodeSize } from './fitting.ts'

const node: NodeSize = { cpus: 4, memoryGiB: 8, containers: true }
const asked = { cpus: 1, memoryGiB: null, image: null }

test.each([
  [{ ...asked }, 4],
  [{ ...asked, cpus: 0.1 }, 40],
  [{ ...asked, cpus: 0.05 }, 80],
  [{ ...asked, cpus: 3 }, 1],
  [{ ...asked, cpus: 4.1 }, 0],
  [{ ...asked, memoryGiB: 3 }, 2],
  [{ ...asked, memoryGiB: 0.25 }, 4],
  [{ ...asked, memoryGiB: 8 }, 1],
  [{ ...asked, memoryGiB: 9 }, 0],
  [{ ...asked, image: 'node:24' }, 4],
])('calls that ask for %o fit a node %i times', (call, times) => {
  expect(slotsOn(node, call)).toBe(times)
})

test('a node without containers has no place for calls in an image', () => {
  expect(slotsOn({ ...node, containers: false }, { ...asked, image: 'node:24' })).toBe(0)
})

const small: NodeSize = { cpus: 8, memoryGiB: 1, containers: false }
test.each<[string | undefined, Partial<typeof asked> & { memoryGiB?: number | null; image?: string | null }]>([
  [undefined, {}],
  ['a call needs 9 CPUs, and the largest node has 8', { cpus: 9 }],
  ['a call needs 9 GiB of memory, and the largest node has 8.0', { memoryGiB: 9 as never }],
  ['a call needs 8 CPUs and 8 GiB of memory, and no node has both', { cpus: 8, memoryGiB: 8 as never }],
  ['a call needs 8 CPUs, and the largest node has 4', { cpus: 8, image: 'node:24' as never }],
])('%s', (sentence, more) => {
  expect(whyNoneFits([node, small], { ...asked, ...more })).toBe(sentence)
})

test('an image on processes is refused by its name', () => {
  expect(whyNoneFits([small], { ...asked, image: 'node:24' })).toBe(
    'the image node:24 was asked for, and the nodes run functions in processes, without images',
  )
})
