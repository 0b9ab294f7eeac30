import { afterEach, describe, expect, test, vi } from 'vitest'
import { isAlive, killGroup } from './killing.ts'
import { startPart, type Part, type PartMessage, type PartOptions } from './start-part.ts'

const started: Part[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((part) => part.kill()))
})

const entry = new URL('fixtures/part.ts', import.meta.url).pathname
async function start(config: object, options: Partial<PartOptions> = {}): Promise<Part> {
  const part = await startPart({ name: 'the part', entry, config, ...options })
  started.push(part)
  return part
}

describe('a part', () => {
  test('is ready with what it said, and messages go both ways', async () => {
    const messages: PartMessage[] = []
    const lines: string[] = []
    const part = await start(
      { greeting: 'hello' },
      { onMessage: (message) => messages.push(message), onLine: (line) => lines.push(line) },
    )
    expect(part.ready).toEqual({ type: 'ready', greeting: 'hello', pid: part.pid })
    part.send({ text: 'zwölf\n🙂' })
    await vi.waitFor(() => expect(messages).toEqual([{ type: 'echo', message: { text: 'zwölf\n🙂' } }]))
    await vi.waitFor(() => expect(lines).toEqual(expect.arrayContaining(['part says hello', 'a line of log'])))
  })

  test('ends by itself when its stdin is closed', async () => {
    const part = await start({ greeting: 'hello' })
    expect(await part.stop()).toMatchObject({
      code: 0,
      signal: null,
      lastLines: expect.arrayContaining(['part stops']),
    })
    expect(isAlive(part.pid)).toBe(false)
  })

  test('ends when its main is done', async () => {
    const part = await start({ greeting: 'hello', behave: 'return' })
    expect(await part.exited).toMatchObject({ code: 0 })
  })

  test('ends at SIGTERM', async () => {
    const part = await start({ greeting: 'hello' })
    killGroup(part.pid, 'SIGTERM')
    expect(await part.exited).toMatchObject({ code: 0, signal: null })
  })

  test('P7 that does not stop in time ends itself by force', async () => {
    const part = await start({ greeting: 'hello', behave: 'stubborn' })
    expect(await part.stop(60_000)).toMatchObject({ code: 1, signal: null })
  })

  test('P7 that hears nothing is killed after the grace time', async () => {
    const part = await start({ greeting: 'hello' })
    killGroup(part.pid, 'SIGSTOP')
    expect(await part.stop(50)).toMatchObject({ signal: 'SIGKILL' })
  })
})

describe('a part that does not come up is named, with its last lines, when it', () => {
  test('throws', async () => {
    await expect(start({ greeting: 'hello', behave: 'throw' })).rejects.toThrow(
      /^the part ended with exit code 1 before it was ready\. Its last lines:\npart says hello\nError: no luck/,
    )
  })
  test('is silent', async () => {
    await expect(start({ greeting: 'hello', behave: 'silent' }, { readyWithinMs: 400 })).rejects.toThrow(
      /^the part was not ready after 400 ms\./,
    )
  })
  test('is given up', async () => {
    await expect(start({ greeting: 'hello', behave: 'silent' }, { signal: AbortSignal.timeout(100) })).rejects.toThrow(
      /^the part was stopped before it was ready\./,
    )
  })
})

test('P10 a part that was ready in time is not given up by an owner that was busy meanwhile', async () => {
  const starting = start({ greeting: 'hello' }, { readyWithinMs: 1_000 })
  // After the poll phase, so that timers are what comes next.
  await new Promise((resolve) => setImmediate(resolve))
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_500)
  expect((await starting).ready).toMatchObject({ greeting: 'hello' })
})
