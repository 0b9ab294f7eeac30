/** A capture may fail at any of its steps: whatever it had opened or set is gone, and the program goes on as it was. */
import { Session } from 'node:inspector'
import net from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { captureFunction } from './index.ts'

afterEach(() => vi.restoreAllMocks())

/** Needs every kind of step: scripts, scopes, private fields, `this` of an arrow, two variables that look alike. */
function demanding() {
  class Holder {
    #secret = 5
    n = 1
    read = () => [this.n, this.#secret]
  }
  const holder = new Holder()
  const counter = () => {
    let count = 0
    return { up: () => ++count, get: () => count }
  }
  const [first, second] = [counter(), counter()]
  const ran: string[] = []
  const fn = () => [holder.read(), first.up(), first.get(), second.get(), ran]
  return { fn, holder, ran, first }
}

test(
  'an inspector that fails at any of its commands is closed, and nothing of the program has run',
  { timeout: 60_000 },
  () => {
    const own = {
      connect: Session.prototype.connect,
      disconnect: Session.prototype.disconnect,
      post: Session.prototype.post,
    }
    let [connected, posted, failAt] = [0, 0, Infinity]
    vi.spyOn(Session.prototype, 'connect').mockImplementation(function (this: Session) {
      connected++
      own.connect.call(this)
    })
    vi.spyOn(Session.prototype, 'disconnect').mockImplementation(function (this: Session) {
      connected--
      own.disconnect.call(this)
    })
    vi.spyOn(Session.prototype, 'post').mockImplementation(function (this: Session, ...args: unknown[]) {
      if (++posted === failAt) throw new Error('the inspector is out of order')
      return Reflect.apply(own.post, this, args) as void
    } as Session['post'])
    const globals = Object.getOwnPropertyNames(globalThis)

    captureFunction(demanding().fn)
    const steps = posted
    expect(steps).toBeGreaterThan(30)
    let failed = 0
    for (failAt = 1; failAt <= steps; failAt++) {
      posted = 0
      const { fn, holder, first } = demanding()
      try {
        captureFunction(fn)
      } catch {
        failed++
      }
      expect(connected).toBe(0)
      expect(Object.getOwnPropertyNames(globalThis)).toEqual(globals)
      // no breakpoint is left in it, no variable was changed
      expect([holder.read(), first.get(), first.up()]).toEqual([[1, 5], 0, 1])
    }
    // a few only close or clean up: what they were for is known by then
    expect(failed).toBeGreaterThan(steps / 2)

    failAt = Infinity
    expect(() => captureFunction(demanding().fn)).not.toThrow()
  },
)

test('a refusal in the middle leaves the function as it was, and the next capture works', () => {
  const { fn, holder, first } = demanding()
  const conn = new net.Socket()
  for (let round = 0; round < 20; round++) {
    expect(() => captureFunction(() => [fn(), holder.read(), conn.readable])).toThrow(/fn -> conn cannot travel/)
    expect([first.get(), holder.read()]).toEqual([0, [1, 5]])
  }
  expect(() => captureFunction(fn)).not.toThrow()
})
