/** A node of two slots that share 768 MiB: what the kernel kills for memory runs again with more room, and harms nobody. */
import { burla } from 'burla'
import { expect, test } from 'vitest'
import { useCompose } from './use-compose.ts'

useCompose({ nodes: 1, cpusPerNode: 2, memoryGiB: 0.75 })

/** Uses so much memory for a moment, beside V8's heap; tells how often it was begun. */
async function use(mib: number, index: number): Promise<number> {
  const { appendFileSync, readFileSync } = process.getBuiltinModule('node:fs')
  const log = `shared/${process.env['BURLA_JOB_ID']}`
  const begun = () => readFileSync(log, 'utf8').split('\n').filter(Boolean)
  appendFileSync(log, `${index}\n`)
  // All that begin first have begun: then they run at the same time.
  while (new Set(begun()).size < 2) await new Promise((resolve) => setTimeout(resolve, 10))
  const hoard = Array.from({ length: mib }, () => Buffer.alloc(2 ** 20, index + 1))
  await new Promise((resolve) => setTimeout(resolve, 500))
  if (hoard.length !== mib) throw new Error('it is used')
  return begun().filter((line) => line === String(index)).length
}

test('P4 inputs that are too much together all have their results: one at a time', async () => {
  const begun = await burla.map(use, [400, 400, 10, 10], { batch: 1 })
  const [one = 0, other = 0, ...neighbours] = begun
  expect([3, 4]).toContain(one + other)
  expect(Math.max(one, other)).toBe(2)
  expect(neighbours).toEqual([1, 1])
})

test('P4 an input that is too much alone has an error that says memory and its index; its neighbours run once', async () => {
  const outcomes = await burla.settle(use, [10, 3_000, 10, 10], { batch: 1, retries: 0 })
  expect(outcomes.map((each) => (each.status === 'fulfilled' ? each.value : each.reason))).toEqual([
    1,
    expect.objectContaining({
      name: 'OutOfMemoryError',
      code: 'INPUT_OUT_OF_MEMORY',
      inputIndex: 1,
      message: expect.stringMatching(/^Input 1: .*ran out of memory.*, although nothing else ran there\. /),
    }),
    1,
    1,
  ])
})
