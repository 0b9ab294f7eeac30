import { beforeEach, expect, test } from 'vitest'
import { createRoom, type Room } from './room.ts'
import { createSeats, type Seats } from './seats.ts'

let room: Room
let over: AbortController
let draining: AbortController
let places: Set<number>
let seats: Seats

beforeEach(() => {
  room = createRoom(1)
  over = new AbortController()
  draining = new AbortController()
  places = new Set()
  seats = createSeats({
    room,
    cpus: 1,
    places: {
      take: async (slot, { signal }) => !signal.aborted && places.add(slot) === places,
      leave: async (slot) => void places.delete(slot),
    },
    mayStart: () => draining.signal,
    over: over.signal,
    onWaits: () => undefined,
  })
})

async function seated(slot: number) {
  const seat = await seats.take(slot)
  if (!seat) throw new Error('no seat')
  return seat
}
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

test('SE1 a call that waits holds neither room nor a place, and has both again when it goes on', async () => {
  const first = await seated(0)
  first.waits()
  const second = await seated(1)
  expect([seats.waiting, [...places], room.freeCpus]).toEqual([1, [1], 0])
  const back = first.goesOn()
  await settled()
  expect(seats.waiting).toBe(1)
  await second.leave()
  await back
  expect([seats.waiting, [...places], room.freeCpus]).toEqual([0, [0], 0])
  await first.leave()
  expect([[...places], room.freeCpus]).toEqual([[], 1])
})

test('SE2 draining turns away who starts, and not who comes back', async () => {
  const first = await seated(0)
  first.waits()
  const second = await seated(1)
  const third = seats.take(2)
  const back = first.goesOn()
  draining.abort()
  expect(await third).toBeUndefined()
  await second.leave()
  await back
  expect([[...places], room.freeCpus]).toEqual([[0], 0])
})

test('SE3 a call that ends while it waits, or comes back, leaves nothing taken', async () => {
  const first = await seated(0)
  first.waits()
  await first.leave()
  expect([seats.waiting, room.freeCpus]).toEqual([0, 1])
  const second = await seated(1)
  second.waits()
  const other = await seated(2)
  const back = second.goesOn()
  await second.leave()
  await back
  await other.leave()
  expect([seats.waiting, [...places], room.freeCpus]).toEqual([0, [], 1])
})
