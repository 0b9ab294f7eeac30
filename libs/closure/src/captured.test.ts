import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { captureFunction, restoreFunction } from './index.ts'
import { decodePayload } from './payload/bytes.ts'

const holder = { label: 'x', schema: z.object({ deep: z.array(z.string()) }) }

describe('what is captured', () => {
  test('has the name of the function and the address of its bytes', () => {
    const first = captureFunction((n: number) => n)
    const again = captureFunction(function work() {})
    expect(first.digest).toMatch(/^[0-9a-f]{64}$/)
    expect(again.name).toBe('work')
    expect(again.digest).not.toBe(first.digest)
  })

  test('is the same for the same function and values', () => {
    let value = 1
    const fn = () => value
    const first = captureFunction(fn)
    expect(captureFunction(fn).digest).toBe(first.digest)
    value = 2
    expect(captureFunction(fn).digest).not.toBe(first.digest)
  })

  test('is what the variables held at the call (P5)', async () => {
    const list = [1]
    const { bytes } = captureFunction(() => list)
    list.push(2)
    expect((await restoreFunction(bytes))(0, 0)).toEqual([1])
  })

  test('leaves nothing behind in the global scope', () => {
    const before = Object.getOwnPropertyNames(globalThis)
    captureFunction(() => before)
    expect(Object.getOwnPropertyNames(globalThis)).toEqual(before)
  })

  test('is small for a small function', () => {
    expect(captureFunction((n: number) => n * 2).bytes.length).toBeLessThan(500)
  })

  test('holds nothing of a value that is made again: what was copied of it before that was seen is gone', () => {
    const { bytes } = captureFunction(() => [holder.schema.safeParse(1).success, holder.label])
    const kinds = decodePayload(bytes).payload.nodes.map(({ kind }) => kind)
    expect(kinds).toEqual(['function', 'object', 'member', 'declaration', 'import'])
  })

  test('is read without running anything of the program: getters, traps, parameters, conversions, iterators', async () => {
    const ran: string[] = []
    const note = (what: string) => ran.push(what)
    class Watched {
      static get shown() {
        return note('static getter')
      }
      get shown() {
        return note('getter of a class')
      }
      own = 1
      arrow = (a = note('a parameter')) => {
        note('a statement')
        return [a, this.own]
      }
    }
    const watched = new Watched()
    const object = {
      get shown() {
        return note('getter')
      },
      toJSON: () => note('toJSON'),
      toString: () => note('toString'),
      valueOf: () => note('valueOf'),
      [Symbol.toPrimitive]: () => note('toPrimitive'),
    }
    const list = Object.assign([1], { [Symbol.iterator]: () => note('iterator') })
    const map = Object.assign(new Map([[1, 2]]), { entries: () => note('entries') })
    const proxy = new Proxy({}, new Proxy({}, { get: (_, trap) => (note(`trap ${String(trap)}`), undefined) }))
    const inner = { get: () => watched.arrow(), object, list, map, proxy, Watched }
    const { bytes } = captureFunction(() => [inner.get(), object, Watched.shown])
    expect(ran).toEqual([])
    await restoreFunction(bytes)
    expect(ran).toEqual([])
  })
})
