/**
 * Jobs inside calls: in a function `burla` works as it does in a program, also where there is one node with one slot, of
 * which a call that waits for its own job would otherwise keep the job from ever running (P3).
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { burla, BurlaError } from 'burla'
import * as everything from 'burla'
import byDefault from 'burla'
import { beforeAll, expect, test } from 'vitest'
import { burla as throughModule, doubleAll } from './fixtures/through-module.ts'
import { runProgram } from './run-program.ts'
import { useEmbedded } from './use-embedded.ts'

const embedded = useEmbedded('file')
beforeAll(() => embedded.shape(1, 1))

const { map } = burla
const forms: [string, (n: number) => Promise<number[]>][] = [
  ['captured itself', (n) => burla.map((m) => n * m, [2])],
  ['a method taken off it', (n) => map((m) => n * m, [2])],
  ['the default export', (n) => byDefault.map((m) => n * m, [2])],
  ['out of the namespace', (n) => everything.burla.map((m) => n * m, [2])],
  ['through a local module', (n) => throughModule.map((m) => n * m, [2])],
  ['by a function of a local module', (n) => doubleAll([n])],
  ['imported inside the function', async (n) => (await import('burla')).burla.map((m: number) => n * m, [2])],
]

test.each(forms)('burla in a function: %s', async (_, fn) => {
  expect(await burla.map(fn, [1, 21])).toEqual([[2], [42]])
})

test('P3 three levels deep on one node of one slot, with more inputs than slots on each', async () => {
  const sums = await burla.map((a) => burla.map((b) => burla.map((c) => a + b + c, [1, 2]), [10, 20]), [100, 200])
  expect(sums.flat(2)).toEqual([111, 112, 121, 122, 211, 212, 221, 222])
})

test('P3 several jobs in one call at the same time, settle and stream', async () => {
  const [all] = await burla.map(
    async (n) => {
      const streamed: number[] = []
      const [mapped, settled] = await Promise.all([
        burla.map((m) => n + m, [1, 2]),
        burla.settle((m) => (m === 1 ? Promise.reject(new RangeError('one')) : n * m), [1, 2]),
      ])
      for await (const { value } of burla.stream((m: number) => n - m, [1, 2, 3])) streamed.push(value)
      return { mapped, settled: settled.map(({ status }) => status), streamed: streamed.toSorted((a, b) => a - b) }
    },
    [10],
  )
  expect(all).toEqual({ mapped: [11, 12], settled: ['rejected', 'fulfilled'], streamed: [7, 8, 9] })
})

class OutOfInk extends RangeError {
  override name = 'OutOfInk'
  level = 3
}

test('an error of the innermost level is thrown at the outermost as itself, and can be caught in between', async () => {
  const innermost = (n: number) => {
    if (n === 2) throw new OutOfInk('no ink', { cause: new Error('empty') })
    return n
  }
  const nested = burla.map((a) => burla.map((b) => burla.map((c) => innermost(a + b + c), [0, 1]), [0]), [0, 0, 1])
  const error: unknown = await nested.catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(OutOfInk)
  expect(error).toMatchObject({ message: 'no ink', level: 3, inputIndex: 2, cause: { message: 'empty' } })
  const { stack = '' } = error as Error
  expect(stack.split('--- called from ---')).toHaveLength(4)
  expect(stack).not.toMatch(/slot-calls|slot-main|libs\/sdk\/|burla\/dist/)
  expect(stack.split('\n').filter((line) => line.includes('nested.test.ts')).length).toBeGreaterThanOrEqual(4)

  const [caught] = await burla.map(
    async (n) => {
      try {
        return await burla.map((m) => innermost(m), [n])
      } catch (thrown) {
        return [thrown instanceof OutOfInk, (thrown as { inputIndex?: number }).inputIndex]
      }
    },
    [2],
  )
  expect(caught).toEqual([true, 0])
})

test('what the innermost level prints is printed by the program, each line with its way', async () => {
  await using program = runProgram(`
    import { burla } from 'burla'
    import { configureEmbedded } from 'burla/internal'
    configureEmbedded({ nodes: 1, cpusPerNode: 1 })
    await burla.map((a) => burla.map((b) => { console.log('out', a, b); console.error('err', a, b) }, [1, 2]), ['x', 'y'])`)
  expect([await program.ended, program.stderr.split('\n').toSorted()]).toEqual([
    0,
    ['', '[0] [0] err x 1', '[0] [1] err x 2', '[1] [0] err y 1', '[1] [1] err y 2'],
  ])
  expect(program.stdout.split('\n').toSorted()).toEqual([
    '',
    '[0] [0] out x 1',
    '[0] [1] out x 2',
    '[1] [0] out y 1',
    '[1] [1] out y 2',
  ])
})

test.each<[string, (n: number) => unknown, string, RegExp]>([
  [
    'burla.submit',
    (n) => burla.submit((m) => m, [n]),
    'NOT_SUPPORTED',
    /ends with it\. Use burla\.map, settle or stream/,
  ],
  ['another cluster', (n) => burla.map((m) => m, [n], { cluster: 'embedded' }), 'NOT_SUPPORTED', /"cluster" cannot be/],
  ['burla.nodes', () => burla.nodes(), 'FORBIDDEN', /the jobs that it has started, nothing else/],
])('%s inside a function is refused in one sentence', async (_, fn, code, message) => {
  const error: unknown = await burla.map(fn, [0]).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(BurlaError)
  expect(error).toMatchObject({ code, message: expect.stringMatching(message), inputIndex: 0 })
})

test('the program of the guide prints what its comment says', async () => {
  const guide = readFileSync(join(import.meta.dirname, '../docs/nesting.md'), 'utf8')
  const source = /```ts\n(\/\/ nested\.ts\n[^]*?)```/.exec(guide)?.[1] ?? ''
  const promised = /console\.log\(totals\) \/\/ (.*)/.exec(source)?.[1]
  await using program = runProgram(source)
  expect([await program.ended, program.stderr]).toEqual([0, ''])
  const lines = program.stdout.trim().split('\n')
  expect(lines.at(-1)).toBe(promised)
  expect(lines.slice(0, -1).toSorted()).toEqual(['[0] [0] north: looking', '[1] [0] south: looking'])
})
