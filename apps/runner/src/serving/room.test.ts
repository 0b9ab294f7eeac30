import { expect, test } from 'vitest'
import { createRoom } from './room.ts'

const never = new AbortController().signal
const starts = { signal: never, comesBack: false }
const comesBack = { signal: never, comesBack: true }

/** Notes the names of those who have got room, in order. */
function noting() {
  const got: string[] = []
  return { got, note: (name: string) => (taken: boolean) => void got.push(taken ? name : `not ${name}`) }
}
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

test('calls have room until the CPUs are taken, and again when they are left', async () => {
  const room = createRoom(1)
  const { got, note } = noting()
  for (const name of ['a', 'b', 'c']) void room.take(0.4, starts).then(note(name))
  await settled()
  expect([got, room.fits(0.4), room.fits(0.2)]).toEqual([['a', 'b'], 0, 1])
  room.leave(0.4)
  await settled()
  expect(got).toEqual(['a', 'b', 'c'])
  expect(room.freeCpus).toBeCloseTo(0.2)
})

test('fractions that make up the whole fit', async () => {
  const room = createRoom(1)
  const taken = Array.from({ length: 10 }, () => room.take(0.1, starts))
  expect(await Promise.all(taken)).toEqual(Array.from({ length: 10 }, () => true))
  expect(room.fits(0.1)).toBe(0)
})

test('RM1 those who come back are served before those who start, and else nobody is overtaken', async () => {
  const room = createRoom(2)
  const { got, note } = noting()
  await room.take(2, starts)
  void room.take(2, starts).then(note('large'))
  void room.take(1, starts).then(note('small'))
  void room.take(1, comesBack).then(note('back'))
  void room.take(1, comesBack).then(note('back too'))
  room.leave(1)
  await settled()
  expect(got).toEqual(['back'])
  room.leave(1)
  await settled()
  expect(got).toEqual(['back', 'back too'])
  room.leave(1)
  await settled()
  // One CPU is free, and the small one waits behind the large one all the same.
  expect(got).toEqual(['back', 'back too'])
  room.leave(1)
  await settled()
  expect(got).toEqual(['back', 'back too', 'large'])
})

test('whoever gives up waiting makes room in the line, and has taken nothing', async () => {
  const room = createRoom(1)
  const { got, note } = noting()
  const gone = new AbortController()
  await room.take(0.5, starts)
  void room.take(1, { signal: gone.signal, comesBack: false }).then(note('large'))
  void room.take(0.5, starts).then(note('small'))
  gone.abort()
  await settled()
  expect(got).toEqual(['not large', 'small'])
  expect(await room.take(0.1, { signal: gone.signal, comesBack: false })).toBe(false)
  expect(room.freeCpus).toBe(0)
})
