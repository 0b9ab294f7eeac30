import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSlotTurns } from './slot-turns.ts'

const tick = () => new Promise((resolve) => setImmediate(resolve))

test('T1 as many inputs have a slot as there are slots, in the order in which they came', async () => {
  const turns = createSlotTurns(2)
  const order: number[] = []
  const waits = [0, 1, 2, 3].map((n) => turns.take(Infinity).then((slot) => (order.push(n), slot)))
  expect(await Promise.all(waits.slice(0, 2))).toEqual([0, 1])
  expect([turns.running, turns.held]).toEqual([2, 2])
  turns.leave(1)
  expect(await waits[2]).toBe(1)
  turns.leave(0)
  expect(await waits[3]).toBe(0)
  expect(order).toEqual([0, 1, 2, 3])
})

test('T2 an input that must run alone waits for the others, and the others for it', async () => {
  const turns = createSlotTurns(2)
  const first = await turns.take(Infinity)
  const alone = turns.take(1)
  const after = turns.take(Infinity)
  await tick()
  expect([turns.running, turns.held]).toEqual([1, 2])
  turns.leave(first ?? -1)
  const slot = await alone
  await tick()
  expect([turns.running, turns.held]).toEqual([1, 1])
  turns.leave(slot ?? -1)
  expect(await after).toBeDefined()
})

test('T3 turning away ends all waits; a closed line turns away all who come', async () => {
  const turns = createSlotTurns(1)
  const slot = await turns.take(Infinity)
  const waiting = turns.take(Infinity)
  turns.turnAway()
  expect(await waiting).toBeUndefined()
  turns.close()
  expect(await turns.take(Infinity)).toBeUndefined()
  const idle = turns.idle()
  turns.leave(slot ?? -1)
  await idle
  expect(turns.running).toBe(0)
})

test('T1, T2 hold for any order of coming and going, and everybody gets a turn', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 30 }),
      async (slots, mostOf) => {
        const turns = createSlotTurns(slots)
        const inside = new Map<number, number>()
        const done: number[] = []
        await Promise.all(
          mostOf.map(async (most, input) => {
            const slot = await turns.take(most)
            if (slot === undefined || inside.has(slot)) throw new Error(`slot ${slot} is held twice`)
            inside.set(slot, most)
            if (inside.size > Math.min(...inside.values())) throw new Error('more run beside it than it bears')
            await tick()
            inside.delete(slot)
            turns.leave(slot)
            done.push(input)
          }),
        )
        expect(done).toHaveLength(mostOf.length)
      },
    ),
  )
})
