/** What goes wrong in a function, or before it, and how the caller hears of it. */
import { createServer } from 'node:net'
import { BurlaError, burla, ExitError, TimeoutError } from 'burla'
import { expect, test } from 'vitest'
import { useEmbedded } from './use-embedded.ts'

useEmbedded('file')
const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('it should have rejected'),
    (error: unknown) => error as Error & Record<string, unknown>,
  )

test('a throw arrives as it was thrown: class, message, own properties, cause, stack and index', async () => {
  const error = await failureOf(
    burla.map(
      (n: number) => {
        class QuotaError extends RangeError {
          override name = 'QuotaError'
          limit = 5
        }
        if (n === 2) throw new QuotaError('too much', { cause: new TypeError('the reason') })
        return n
      },
      [0, 1, 2],
    ),
  )
  expect(error).toBeInstanceOf(RangeError)
  expect(error.constructor.name).toBe('QuotaError')
  expect(error).toMatchObject({ name: 'QuotaError', message: 'too much', limit: 5, inputIndex: 2 })
  expect(error.cause).toBeInstanceOf(TypeError)
  expect(error.stack).toMatch(/failure\.test\.ts.*--- called from ---.*failure\.test\.ts/s)
})

class ParseError extends SyntaxError {
  line = 0
}
class ReadError extends Error {}
const parse = (text: string) => {
  throw new ReadError(text, { cause: Object.assign(new ParseError('at the end'), { line: 7 }) })
}

test("instanceof tells the caller's own classes of errors apart, also as a cause", async () => {
  const read = await failureOf(burla.map((text: string) => parse(text), ['a']))
  expect(read).toBeInstanceOf(ReadError)
  expect(read.cause).toBeInstanceOf(ParseError)
  expect(read.cause).toMatchObject({ message: 'at the end', line: 7 })
})

test('what is thrown and is no error arrives as the same value', async () => {
  const job = burla.map(() => {
    throw { status: 404 }
  }, [0])
  await expect(job).rejects.toEqual({ status: 404 })
})

test('P4 process.exit in one input names the exit code and the index, and harms no neighbour', async () => {
  const settled = await burla.settle((n: number) => (n === 1 ? process.exit(3) : n), [0, 1, 2, 3])
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
  const [, exited] = settled
  expect(exited).toMatchObject({ reason: expect.any(ExitError), attempts: 1 })
  expect(exited).toMatchObject({ reason: { code: 'INPUT_EXITED', exitCode: 3, inputIndex: 1 } })
})

test('P4 an endless loop is killed at timeoutMs, and only its input is charged', async () => {
  const loop = (n: number) => {
    while (n === 1);
    return n
  }
  const settled = await burla.settle(loop, [0, 1, 2, 3], { timeoutMs: 500 })
  expect(settled.map(({ status, attempts }) => [status, attempts])).toEqual([
    ['fulfilled', 1],
    ['rejected', 1],
    ['fulfilled', 1],
    ['fulfilled', 1],
  ])
  expect(settled[1]).toMatchObject({ reason: expect.any(TimeoutError) })
  expect(settled[1]).toMatchObject({ reason: { code: 'INPUT_TIMEOUT', inputIndex: 1 } })
})

test("an exception in the caller's own iterable rejects with that very error", async () => {
  const thrown = new Error('the disk is gone')
  function* inputs() {
    yield 1
    throw thrown
  }
  async function* laterInputs() {
    yield* [1, 2]
    await new Promise((resolve) => setTimeout(resolve, 100))
    throw thrown
  }
  const id = (n: number) => n
  expect(await failureOf(burla.map(id, inputs()))).toBe(thrown)
  expect(await failureOf(burla.map(id, laterInputs()))).toBe(thrown)
  expect(await failureOf(burla.settle(id, laterInputs()))).toBe(thrown)
})

test('an input that cannot travel is named by its path, and the iterable is closed', async () => {
  let closed = false
  function* inputs() {
    try {
      yield* [{ conn: 1 }, { conn: 2 }, { conn: 3 }, { conn: createServer() }, { conn: 5 }]
    } finally {
      closed = true
    }
  }
  const error = await failureOf(burla.map(() => 1, inputs()))
  expect(error.message).toMatch(/^inputs\[3\]\.conn: a Server cannot travel/)
  expect(error).toMatchObject({ code: 'INPUT_NOT_PORTABLE', inputIndex: 3 })
  expect(closed).toBe(true)
})

test('a result that cannot travel is named by its path', async () => {
  const error = await failureOf(burla.map(() => ({ now: () => 1 }), [0]))
  expect(error).toMatchObject({ code: 'RESULT_NOT_PORTABLE', inputIndex: 0 })
  expect(error.message).toContain('result.now')
})

test('a function that cannot travel, and an option that does not exist, are refused in one sentence', async () => {
  const server = createServer()
  const notPortable = await failureOf(burla.map(() => server.listening, [0]))
  expect(notPortable).toMatchObject({ code: 'FUNCTION_NOT_PORTABLE' })
  expect(notPortable.message).toContain('server')
  const invalid = await failureOf(burla.settle((n: number) => n, [0], { timoutMs: 5 } as object))
  expect(invalid).toBeInstanceOf(BurlaError)
  expect(invalid.message).toBe('burla.settle: there is no option "timoutMs"; did you mean "timeoutMs"?')
})

test('more CPUs than any node has are refused at the call, naming what there is', async () => {
  const error = await failureOf(burla.map((n: number) => n, [0], { cpus: 64 }))
  expect(error).toMatchObject({ code: 'NO_CAPACITY' })
  expect(error.message).toContain('the largest node has 2')
})

test('P7 a cluster that cannot be reached is told in one sentence that names it', async () => {
  const error = await failureOf(burla.map((n: number) => n, [0], { cluster: 'http://127.0.0.1:1' }))
  expect(error).toMatchObject({ code: 'CLUSTER_UNREACHABLE' })
  expect(error.message).toMatch(/^http:\/\/127\.0\.0\.1:1 does not answer \(ECONNREFUSED\)/)
})

test('P7 the embedded cluster dying rejects its jobs with the reason, and the next map starts another', async () => {
  const { inspectEmbedded } = await import('burla/internal')
  const job = burla.map(() => new Promise(() => undefined), [0])
  const { pids } = await inspectEmbedded()
  process.kill(pids.supervisor, 'SIGKILL')
  expect(await failureOf(job)).toMatchObject({
    code: 'CLUSTER_UNREACHABLE',
    message: expect.stringContaining('SIGKILL'),
  })
  expect(await burla.map((n: number) => n, [1])).toEqual([1])
})

test('an image is refused by an embedded cluster, in one sentence, and none is started for it', async () => {
  await expect(burla.map((n: number) => n, [1], { image: 'node:24-slim' })).rejects.toMatchObject({
    code: 'NOT_SUPPORTED',
    message: expect.stringMatching(
      /^the image node:24-slim was asked for, and an embedded cluster runs functions as processes of this machine; /,
    ),
  })
})
