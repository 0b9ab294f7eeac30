import { expect, test, vi } from 'vitest'
import fc from 'fast-check'
import { startFeeding, type FeedTarget } from './feeding.ts'
import { openInputs } from './inputs.ts'
import { createWindow, type WindowLimits } from './windows.ts'

/** A job's connection kept in memory. `hold`: pushes are stored only when `release()` is called. */
function memoryTarget({ hold = false } = {}) {
  const pushed: number[] = []
  const lists: number[] = []
  const chunks: number[] = []
  const announced: { known: number; ended: boolean }[] = []
  const held: (() => void)[] = []
  const target = {
    push: vi.fn<FeedTarget['push']>(async (inputs, listSize = 1) => {
      for (let from = 0; from < inputs.length; from += listSize) lists.push(Math.min(listSize, inputs.length - from))
      chunks.push(inputs.length)
      if (hold) await new Promise<void>((resolve) => held.push(resolve))
      pushed.push(...inputs.map(({ index }) => index))
    }),
    async announce(inputs: { known: number; ended: boolean }) {
      announced.push(inputs)
    },
  } satisfies FeedTarget
  return { target, pushed, lists, chunks, announced, release: () => held.splice(0).forEach((resolve) => resolve()) }
}

function feed<I>(
  inputs: Iterable<I> | AsyncIterable<I>,
  {
    batch = 'auto',
    until = 'taken',
    ...limits
  }: Partial<WindowLimits> & { batch?: number | 'auto'; until?: 'taken' | 'stored' } = {},
) {
  const failures: unknown[] = []
  const window = createWindow({ inputs: 10_000, bytes: 1e9, inputsPerSlot: 1, ...limits })
  const feeding = startFeeding({
    source: openInputs(inputs, 'map'),
    window,
    batch,
    until,
    encode(input) {
      if (input === 'unportable') throw new Error('inputs cannot travel')
      return Buffer.from(JSON.stringify(input))
    },
    onEnd: () => undefined,
    onFailure: (error) => failures.push(error),
  })
  return { feeding, window, failures }
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index)

function* counting(from: { pulled: number; closed?: boolean }, end = Infinity) {
  try {
    for (let n = 0; n < end; n++) {
      from.pulled = n + 1
      yield n
    }
  } finally {
    from.closed = true
  }
}

test('every input is pushed once, in order, in chunks that start small and grow, after a probe of 200', async () => {
  const { target, pushed, chunks, announced } = memoryTarget()
  const { feeding } = feed(range(2_000))
  feeding.connect(target, 2_000)
  await vi.waitFor(() => expect(announced.at(-1)).toEqual({ known: 2_000, ended: true }))
  await vi.waitFor(() => expect(pushed).toEqual(range(2_000)))
  expect(chunks.slice(0, 4)).toEqual([20, 100, 80, 500])
  expect(feeding).toMatchObject({ known: 2_000, ended: true, complete: false })
})

test('not more than two chunks are under way', async () => {
  const { target, pushed, chunks, release } = memoryTarget({ hold: true })
  const { feeding } = feed(range(1_000))
  feeding.connect(target, 1_000)
  for (const soFar of [2, 3, 5]) {
    await vi.waitFor(() => expect(chunks).toHaveLength(soFar))
    release()
  }
  await vi.waitFor(() => expect(pushed).toHaveLength(1_000))
})

test('P5 the elements of an array are encoded during the call', async () => {
  const input = { n: 1 }
  const encoded: string[] = []
  const { feeding } = feed([input])
  input.n = 2
  feeding.connect(
    { announce: async () => undefined, push: async ([first]) => void encoded.push(String(first?.bytes)) },
    1,
  )
  await vi.waitFor(() => expect(encoded).toEqual(['{"n":1}']))
})

test('P6 an endless generator is pulled as far as the window, and on when results are taken', async () => {
  const from = { pulled: 0 }
  const { target, pushed } = memoryTarget()
  const { feeding } = feed(counting(from), { inputs: 10 })
  feeding.connect(target, 0)
  await vi.waitFor(() => expect(pushed).toHaveLength(10))
  expect(from.pulled).toBe(10)
  feeding.taken(3, 100)
  feeding.taken(4, 100)
  await vi.waitFor(() => expect(pushed).toHaveLength(12))
  expect(from.pulled).toBe(12)
  await feeding.stop()
})

test('P6 whatever the order in which results are taken, the window is never exceeded and nothing is pulled twice', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 9 }),
      fc.infiniteStream(fc.nat()),
      async (count, inputs, picks) => {
        const { target, pushed } = memoryTarget()
        const { feeding, window } = feed(counting({ pulled: 0 }, count), { inputs })
        feeding.connect(target, 0)
        const open: number[] = []
        let seen = 0
        while (!feeding.complete) {
          await vi.waitFor(() => expect(pushed.length > seen || feeding.complete || open.length > 0).toBe(true), {
            interval: 1,
          })
          expect(window.inputs).toBeLessThanOrEqual(inputs)
          open.push(...pushed.slice(seen))
          seen = pushed.length
          const [index] = open.splice((picks.next().value ?? 0) % (open.length || 1), 1)
          expect(index === undefined || feeding.taken(index, 100)).toBe(true)
          await new Promise(setImmediate)
        }
        expect(pushed).toEqual(range(count))
      },
    ),
    { numRuns: 25 },
  )
})

test('a slow asynchronous iterable has its first input pushed before it makes the second', async () => {
  const { target, pushed } = memoryTarget()
  let makeSecond: () => void = () => undefined
  async function* slow() {
    yield 0
    await new Promise<void>((resolve) => (makeSecond = resolve))
    yield 1
  }
  const { feeding } = feed(slow())
  feeding.connect(target, 0)
  await vi.waitFor(() => expect(pushed).toEqual([0]))
  expect(feeding.ended).toBe(false)
  makeSecond()
  await vi.waitFor(() => expect(pushed).toEqual([0, 1]))
  await vi.waitFor(() => expect(feeding.ended).toBe(true))
})

test('an iterable without a length has its count announced while it goes on', async () => {
  const { target, announced } = memoryTarget()
  const { feeding } = feed(counting({ pulled: 0 }), { inputs: 5 })
  feeding.connect(target, 0)
  await vi.waitFor(() => expect(announced).toEqual([{ known: 5, ended: false }]))
  feeding.taken(0, 100)
  await vi.waitFor(() => expect(announced.at(-1)).toEqual({ known: 6, ended: false }))
  await feeding.stop()
})

test('no inputs are known as such before anything is connected', async () => {
  expect(await feed([]).feeding.any).toBe(false)
  expect(await feed(counting({ pulled: 0 }, 0)).feeding.any).toBe(false)
  expect(await feed([0]).feeding.any).toBe(true)
})

test('what the iterable throws is told as it is, and the iterable is not asked to clean up', async () => {
  const thrown = new Error('the disk is gone')
  let closed = 0
  const failing: Iterable<number> = {
    [Symbol.iterator]: () => ({
      next() {
        throw thrown
      },
      return() {
        closed++
        return { done: true, value: undefined }
      },
    }),
  }
  const { feeding, failures } = feed(failing)
  await vi.waitFor(() => expect(failures).toEqual([thrown]))
  await feeding.stop()
  expect(feeding.ended).toBe(false)
  expect(closed).toBe(0)
})

test('an input that cannot travel is told before it is sent, and the iterable cleans up', async () => {
  const from = { closed: false }
  function* inputs() {
    try {
      yield 'fine'
      yield 'unportable'
    } finally {
      from.closed = true
    }
  }
  const { target, pushed } = memoryTarget()
  const { feeding, failures } = feed(inputs())
  feeding.connect(target, 0)
  await vi.waitFor(() => expect(failures).toHaveLength(1))
  await feeding.stop()
  expect(from.closed).toBe(true)
  expect(pushed.length).toBeLessThanOrEqual(1)
})

test('P7 stopping does not wait for an iterable that is making an input', async () => {
  async function* stuck() {
    yield 0
    await new Promise(() => undefined)
  }
  const { target, pushed } = memoryTarget()
  const { feeding } = feed(stuck())
  feeding.connect(target, 0)
  await vi.waitFor(() => expect(pushed).toEqual([0]))
  await feeding.stop()
})

test('stopping closes an iterable that waits for room', async () => {
  const from = { pulled: 0, closed: false }
  const { feeding } = feed(counting(from), { inputs: 2 })
  await feeding.any
  await feeding.stop()
  expect(from).toEqual({ pulled: 2, closed: true })
})

test('with `batch` so many inputs share a place in the queue from the first one on, whatever their calls take', async () => {
  const { target, lists } = memoryTarget()
  const { feeding } = feed(range(1_001), { batch: 30 })
  feeding.connect(target, 1_001)
  await vi.waitFor(() => expect(lists.reduce((sum, size) => sum + size, 0)).toBe(1_001))
  expect(lists).toEqual([...Array.from({ length: 33 }, () => 30), 11])
})

test('the end is announced when all inputs are in the queue, not when all were pulled', async () => {
  const { target, announced, release } = memoryTarget({ hold: true })
  const { feeding } = feed(range(50), { batch: 1 })
  feeding.connect(target, 50)
  await vi.waitFor(() => expect([feeding.ended, target.push.mock.calls.length]).toEqual([true, 2]))
  await new Promise((resolve) => setImmediate(resolve))
  expect(announced).toEqual([])
  release()
  await vi.waitFor(() => expect(announced).toEqual([{ known: 50, ended: true }]))
})

test('inputs that need not be taken leave the window when they are stored', async () => {
  const from = { pulled: 0 }
  const { target, release } = memoryTarget({ hold: true })
  const { feeding } = feed(counting(from), { inputs: 40, until: 'stored' })
  feeding.connect(target, 0)
  await vi.waitFor(() => expect(from.pulled).toBeGreaterThanOrEqual(40))
  expect(from.pulled).toBeLessThanOrEqual(41)
  release()
  await vi.waitFor(() => expect(from.pulled).toBeGreaterThan(41))
  await feeding.stop()
})
