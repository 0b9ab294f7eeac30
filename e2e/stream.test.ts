/** `burla.stream`: results as they finish, endless inputs, backpressure both ways. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { burla } from 'burla'
import { until } from '@burla/testkit'
import { expect, test } from 'vitest'
import { useEmbedded } from './use-embedded.ts'

const embedded = useEmbedded('file')
const MiB = 1024 * 1024
const double = (n: number) => n * 2

function endless() {
  const state = { pulled: 0, closed: false }
  function* numbers() {
    try {
      for (;;) yield state.pulled++
    } finally {
      state.closed = true
    }
  }
  return { state, inputs: numbers() }
}

test('P1 every result comes once, as it finishes', async () => {
  const seen: [number, number][] = []
  for await (const { index, value } of burla.stream(double, [5, 6, 7])) seen.push([index, value])
  expect(seen.toSorted(([a], [b]) => a - b)).toEqual([
    [0, 10],
    [1, 12],
    [2, 14],
  ])
})

test('no inputs, no results', async () => {
  for await (const result of burla.stream(double, [])) expect.fail(`${result.index} came from nowhere`)
})

test('P6 inputs may be endless: a loop that takes few results has few inputs pulled, and leaving it closes them', async () => {
  const { state, inputs } = endless()
  let taken = 0
  for await (const { index, value } of burla.stream(double, inputs)) {
    taken++
    expect(value).toBe(index * 2)
    expect(state.pulled - taken).toBeLessThanOrEqual(10_000)
    if (taken === 1_500) break
  }
  expect(state.closed).toBe(true)
})

test('P6 results that nobody takes stop the inputs: the window is the bound', async () => {
  const { state, inputs } = endless()
  const results = burla.stream(double, inputs)[Symbol.asyncIterator]()
  await results.next()
  await until('the window is full', () => state.pulled >= 10_000)
  await results.next()
  expect(state.pulled).toBeLessThanOrEqual(10_002)
  await results.return?.()
  expect(state.closed).toBe(true)
})

test('P6 inputs of a MiB: no more are pulled than 64 MiB, but for what the slots may have', async () => {
  let pulled = 0
  function* large() {
    for (;;) yield { bytes: Buffer.alloc(MiB), nth: pulled++ }
  }
  const held = async ({ nth }: { nth: number }) => {
    const { existsSync } = process.getBuiltinModule('node:fs')
    while (!existsSync('shared/go-large')) await new Promise((resolve) => setTimeout(resolve, 20))
    return nth
  }
  const results = burla.stream(held, large())[Symbol.asyncIterator]()
  const first = results.next()
  await until('the window is full', () => pulled >= 64)
  // Whatever was allowed by then comes soon after; an open window would go on at hundreds of MiB in a second.
  await until('the calls wait', async () => (await burla.jobs()).some(({ inputs }) => inputs.running === 2))
  expect(pulled).toBeLessThanOrEqual(66)
  writeFileSync(join(embedded.sharedDir, 'go-large'), '')
  await first
  await results.return?.()
  expect(pulled).toBeLessThanOrEqual(76)
})

test('P6 results of a MiB that nobody takes stop the calls, and taking goes on to the end', async () => {
  const large = async (n: number) => {
    const { writeFileSync: write } = process.getBuiltinModule('node:fs')
    write(`shared/ran-${n}`, '')
    return Buffer.alloc(MiB, n)
  }
  const results = burla.stream(
    large,
    Array.from({ length: 400 }, (_, n) => n),
    { batch: 1 },
  )
  const ran = () => readdirSync(embedded.sharedDir).filter((name) => name.startsWith('ran-')).length
  let taken = 0
  for await (const { index, value } of results) {
    expect(value.equals(Buffer.alloc(MiB, index))).toBe(true)
    taken += 1
    if (taken > 1) continue
    await until('no call is made for lack of room', async () => {
      const before = ran()
      if (before < 64) return false
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      return ran() === before
    })
    // 64 MiB in Redis, as much in this program, and what was on its way when the runner heard of it.
    expect(ran()).toBeLessThanOrEqual(220)
  }
  expect(taken).toBe(400)
})

test('leaving the loop ends the calls that still run', async () => {
  const spinning = (n: number) => {
    if (n === 0) return n
    process.getBuiltinModule('node:fs').writeFileSync('shared/spins', String(process.pid))
    for (;;);
  }
  const spins = join(embedded.sharedDir, 'spins')
  const pidOf = () => Number(existsSync(spins) && readFileSync(spins, 'utf8'))
  for await (const { index } of burla.stream(spinning, [0, 1], { batch: 1 })) {
    expect(index).toBe(0)
    await until('the other call spins', pidOf)
    break
  }
  const pid = pidOf()
  await until('its process is gone', () => !existsSync(`/proc/${pid}`))
})

test('the first failure ends the loop with what was thrown', async () => {
  const loop = async () => {
    const fail = (n: number) => {
      if (n === 3) throw new RangeError('three')
      return n
    }
    for await (const { value } of burla.stream(fail, endless().inputs)) expect(value).not.toBe(3)
  }
  await expect(loop()).rejects.toMatchObject({ name: 'RangeError', message: 'three', inputIndex: 3 })
})

test('a stream fed by a stream', async () => {
  async function* doubled() {
    for await (const { value } of burla.stream(double, [1, 2, 3, 4])) yield value
  }
  const values: number[] = []
  for await (const { value } of burla.stream(double, doubled())) values.push(value)
  expect(values.toSorted((a, b) => a - b)).toEqual([4, 8, 12, 16])
})

test('P7 return() does not wait for a result that never comes', async () => {
  const results = burla.stream(() => new Promise(() => undefined), [1])[Symbol.asyncIterator]()
  const waiting = results.next()
  await results.return?.()
  expect(await waiting).toEqual({ done: true, value: undefined })
})
