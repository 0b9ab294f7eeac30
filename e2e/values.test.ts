/** What travels, on the real path: as input, result, captured value, property of an error and in what is printed. */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format } from 'node:util'
import { burla } from 'burla'
import { inspectEmbedded } from 'burla/internal'
import { connectRedis, type Redis } from '@burla/queue'
import { jobKeys } from '@burla/protocol'
import { until } from '@burla/testkit'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { anyValue, difference } from '../libs/protocol/src/values/fixtures/any-value.ts'
import { useEmbedded } from './use-embedded.ts'

const embedded = useEmbedded('file')
let redis: Redis
beforeAll(async () => {
  await burla.map((x) => x, [0])
  const { redis: login } = await inspectEmbedded()
  redis = connectRedis({ ...login, name: 'test' })
})
afterAll(() => redis.disconnect())

/** Many values share a job; a failing run is not shrunk, as each try would be a job. */
const values = fc.array(anyValue, { minLength: 60, maxLength: 60 })
const runs = { numRuns: 3, endOnFailure: true }

function firstDifference(sent: unknown[], arrived: unknown[]): string | undefined {
  for (const [index, value] of sent.entries()) {
    const found = difference(value, arrived[index])
    if (found) return `${index}: ${found}: ${format('%o', value)}`
  }
  return sent.length === arrived.length ? undefined : 'another number of values'
}

test('values come back as they went: kinds, prototypes, shared references, cycles', async () => {
  await fc.assert(
    fc.asyncProperty(values, async (sent) => {
      expect(firstDifference(sent, await burla.map((value) => value, sent))).toBeUndefined()
    }),
    runs,
  )
})

test('P5 captured values arrive as they were', async () => {
  await fc.assert(
    fc.asyncProperty(values, async (captured) => {
      const [all] = await burla.map(() => captured, [0])
      expect(difference(captured, all)).toBeUndefined()
    }),
    runs,
  )
})

test('values arrive as properties of what was thrown', async () => {
  await fc.assert(
    fc.asyncProperty(values, async (sent) => {
      const failing = (carried: unknown) => {
        throw Object.assign(new RangeError('carried'), { carried })
      }
      const settled = await burla.settle(failing, sent)
      const errors = settled.map((each) => (each.status === 'rejected' ? (each.reason as { carried: unknown }) : each))
      expect(errors.every((error) => error instanceof RangeError)).toBe(true)
      expect(firstDifference(sent, errors.map((error) => 'carried' in error && error.carried))).toBeUndefined() // prettier-ignore
    }),
    runs,
  )
})

test('values are printed as they would be here', async () => {
  await fc.assert(
    fc.asyncProperty(values, async (sent) => {
      const printed: string[] = []
      const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0)
      try {
        await burla.map((value) => console.log([value]), sent, { progress: false })
      } finally {
        write.mockRestore()
      }
      const lines = printed.join('').trimEnd().split('\n')
      for (const [index, value] of sent.entries()) {
        const tag = `[${index}] `
        const own = lines.filter((line) => line.startsWith(tag)).map((line) => line.slice(tag.length))
        expect(own.join('\n')).toBe(format([value]))
      }
    }),
    runs,
  )
})

test('what cannot travel is refused by its path: in an input before it leaves, in a result by its input', async () => {
  const inputs = [0, 1, 2, { a: { b: () => 1 } }]
  await expect(burla.map((x) => x, inputs)).rejects.toMatchObject({
    code: 'INPUT_NOT_PORTABLE',
    inputIndex: 3,
    message: 'inputs[3].a.b: a function cannot travel to another machine; make it inside the function',
  })
  const returning = () => ({ open: [new AbortController()] })
  await expect(burla.map(returning, [0])).rejects.toMatchObject({
    code: 'RESULT_NOT_PORTABLE',
    inputIndex: 0,
    message:
      'Input 0: result.open[0]: an AbortController cannot travel to another machine; return what you need of it as plain data',
  })
})

test('instances of classes arrive as plain data: own enumerable properties, without getters of the class or private fields', async () => {
  class Account {
    #secret = 1
    owner = 'a'
    opened = new Date(5)
    get doubled() {
      return this.#secret * 2
    }
  }
  const [arrived] = await burla.map(
    (account) => [Object.getPrototypeOf(account) === Object.prototype, account],
    [new Account()],
  )
  expect(arrived).toStrictEqual([true, { owner: 'a', opened: new Date(5) }])
})

test('a message of another version is refused in a sentence: an input, a list of inputs, a result', async () => {
  const newer = (who: string) =>
    expect.stringMatching(`with codec 9, and .* reads codec 1: the ${who} has the newer Burla`)
  /** A job of three inputs: two run until `go`, the third waits in the queue. */
  const startJob = async () => {
    const gate = join(embedded.sharedDir, `gate-${gates++}`)
    const throughGate = async (file: string) => {
      while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 10))
    }
    const job = burla.map(throughGate, [gate, gate, gate], { progress: false })
    job.catch(() => undefined)
    const { queue, running, results } = jobKeys(job.jobId)
    await until('two run', async () => (await redis.hlen(running)) === 2)
    await until('the third waits', async () => (await redis.lrange(queue.wait, 0, -1)).includes('i2'))
    return { job, third: queue.job('i2'), results, go: () => writeFileSync(gate, '') }
  }
  let gates = 0
  type List = { c: number; v: string[] }
  const newerValue = '\u0009\u00011'

  for (const change of [(list: List) => (list.c = 9), (list: List) => (list.v = [newerValue])]) {
    const { job, third, go } = await startJob()
    const list = JSON.parse((await redis.hget(third, 'data')) ?? '') as List
    change(list)
    await redis.hset(third, 'data', JSON.stringify(list))
    go()
    await expect(job).rejects.toMatchObject({ code: 'CODEC_UNKNOWN', inputIndex: 2, message: newer('program') })
  }

  const header = { type: 'result', index: 2, status: 'ok', attempts: 1, durationMs: 1, nodeId: 'n', slot: 0 }
  for (const codec of [1, 9]) {
    const { job, results } = await startJob()
    await redis.xadd(results, '*', 'h', JSON.stringify([codec, [3, header]]), 'v', newerValue)
    await expect(job).rejects.toMatchObject({ code: 'CODEC_UNKNOWN', message: newer('cluster') })
  }
})

test('P6 values of all sizes around the limits of each way come back byte for byte', async () => {
  const KiB = 1024
  const sizes = [
    16 * KiB - 8,
    16 * KiB,
    32 * KiB - 8,
    32 * KiB,
    64 * KiB + 1,
    4096 * KiB - 8,
    4096 * KiB,
    9_000 * KiB + 1,
  ]
  const sent = sizes.map((size, index) => Buffer.alloc(size, index + 1))
  const arrived = await burla.map((bytes) => bytes, sent)
  expect(arrived.map((bytes, index) => bytes.equals(sent[index] ?? Buffer.alloc(0)))).toEqual(sizes.map(() => true))
})
