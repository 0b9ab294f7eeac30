/** A call that waits for a job which it has started, as its slot and its runner tell each other of it. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Inside } from '@burla/protocol'
import { expect, test } from 'vitest'
import { usePool } from './use-pool.ts'

/** Waits twice for something that is there at once. */
async function waitsTwice(): Promise<unknown> {
  const call = (Reflect.get(globalThis, Symbol.for('burla.inside')) as Inside).call()
  const first = await call?.waitFor(Promise.resolve('first'))
  return [first, await call?.waitFor(Promise.resolve('second')), call?.parent]
}

test('P7 a call that waits for its place lives, though nothing else of it is left to wait for', async () => {
  const { call } = await usePool(waitsTwice)
  const told: string[] = []
  const place = {
    waits: () => void told.push('waits'),
    async goesOn() {
      told.push('goes on')
      // Long enough for a process that has nothing left to do to find that out.
      await pause(200)
    },
  }
  expect(await call(0, { place, index: 7, run: 3 })).toMatchObject({
    type: 'value',
    value: ['first', 'second', { jobId: 'job-1', input: 7, call: 'runner-1:3' }],
  })
  expect(told).toEqual(['waits', 'goes on', 'waits', 'goes on'])
})

test('code that a call has left behind is in no call any more', async () => {
  const { call } = await usePool(async (input: string) => {
    const inside = Reflect.get(globalThis, Symbol.for('burla.inside')) as Inside
    if (input === 'leaves') {
      setTimeout(() => Object.assign(globalThis, { seen: inside.call() === undefined }), 50)
      return inside.call() !== undefined
    }
    while (!('seen' in globalThis)) await new Promise((resolve) => setTimeout(resolve, 5))
    return [Reflect.get(globalThis, 'seen'), inside.call() !== undefined]
  })
  expect(await call('leaves')).toMatchObject({ value: true })
  expect(await call('looks')).toMatchObject({ value: [true, true] })
})
