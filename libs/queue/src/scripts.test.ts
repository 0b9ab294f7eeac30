import { jobKeys } from '@burla/protocol'
import { useRedis } from '@burla/testkit'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  announce,
  append,
  begin,
  cancel,
  claim,
  connectRedis,
  giveBack,
  inspect,
  loseRunner,
  release,
} from './index.ts'
import {
  leavePlace,
  openJob,
  readKept,
  jobCredentials,
  renewClaim,
  retry,
  split,
  take,
  takePlace,
  viewJob,
  type Redis,
} from './index.ts'
import { clusterKey, makeJob, printed, result } from './test-job.ts'

const server = useRedis()
let redis: Redis
beforeEach(() => {
  redis = connectRedis({ address: server.address, password: server.password, name: 'test' })
})
afterEach(() => redis.disconnect())

async function pushed(known: number): Promise<string> {
  const jobId = await makeJob(redis, known)
  const job = openJob(jobCredentials(clusterKey, jobId, server.address))
  await job.push(Array.from({ length: known }, (_, index) => ({ index, bytes: Buffer.from(`${index}`) })))
  await job.announce({ known, ended: true })
  await job.close()
  return jobId
}

/** Does what BullMQ's Worker does when it pulls: the next input becomes active, under the runner's lock. */
async function pull(jobId: string, runnerId: string) {
  const { queue } = jobKeys(jobId)
  const bullId = (await redis.rpoplpush(queue.wait, queue.active)) ?? ''
  const token = `${runnerId}:0`
  await redis.set(`${queue.job(bullId)}:lock`, token)
  await redis.hincrby(queue.job(bullId), 'ats', 1)
  return { bullId, token, index: Number(/\d+/.exec(bullId)?.[0]) }
}

const node = (nodeId: string, slots: number) => ({
  nodeId,
  slots,
  state: 'active' as const,
  runnerId: null,
  claimedAt: Date.now(),
})

describe('append', () => {
  test('P1 the first stored result of an index wins', async () => {
    const jobId = await makeJob(redis, 2)
    await append(redis, jobId, { runnerId: 'a', number: 1, entries: [result(0, 'first')] })
    await append(redis, jobId, { runnerId: 'b', number: 1, entries: [result(0, 'second', 'error')] })
    const rows = await redis.xrange(jobKeys(jobId).results, '-', '+')
    expect(rows.map(([, fields]) => fields[3])).toEqual(['first'])
    expect(await viewJob(redis, jobId)).toMatchObject({ counts: { completed: 1, failed: 0 } })
  })

  test('P1 a batch whose reply was lost adds nothing when it is sent again, lines included', async () => {
    const jobId = await makeJob(redis, 2)
    const lines = printed({ index: 0, stream: 'stdout', text: 'hello', run: 1 })
    const batch = { runnerId: 'a', number: 1, entries: [lines, result(0)] }
    await append(redis, jobId, batch)
    await append(redis, jobId, batch)
    expect(await redis.xlen(jobKeys(jobId).results)).toBe(1)
  })

  test('the last result of an ended list of inputs completes the job, and so does the end after the last result', async () => {
    const first = await makeJob(redis, 1)
    await announce(redis, first, { known: 1, ended: true })
    expect(await append(redis, first, { runnerId: 'a', number: 1, entries: [result(0)] })).toMatchObject({
      state: 'completed',
    })
    const second = await makeJob(redis, 1)
    expect(await append(redis, second, { runnerId: 'a', number: 1, entries: [result(0)] })).toMatchObject({
      state: 'waiting',
    })
    expect(await announce(redis, second, { known: 1, ended: true })).toBe('completed')
  })

  test('P8 a result that comes after the end of a job leaves nothing behind', async () => {
    const jobId = await makeJob(redis, 1)
    await redis.del(jobKeys(jobId).record)
    const before = await redis.dbsize()
    expect(await append(redis, jobId, { runnerId: 'a', number: 1, entries: [result(0)] })).toMatchObject({
      state: 'gone',
    })
    await begin(redis, jobId, 'a', [{ index: 0, run: 1 }])
    await loseRunner(redis, jobId, 'a')
    expect(await redis.dbsize()).toBe(before)
  })

  test('P6 a submitted job whose results are too many bytes fails, says why, and keeps what it has', async () => {
    const jobId = await makeJob(redis, 3, {}, { kind: 'submitted' })
    const k = jobKeys(jobId)
    await redis.hset(k.record, 'keptBytes', 150)
    await claim(redis, jobId, node('n', 1))
    const large = (index: number) => ({ ...result(index), payload: Buffer.alloc(50) })
    const first = { runnerId: 'a', number: 1, entries: [large(0)] }
    expect(await append(redis, jobId, first)).toEqual({ state: 'waiting', untakenBytes: 0 })
    expect(await append(redis, jobId, first)).toEqual({ state: 'waiting', untakenBytes: 0 })
    const second = { runnerId: 'a', number: 2, entries: [large(1)] }
    expect(await append(redis, jobId, second)).toMatchObject({ state: 'cancelling' })
    expect(await append(redis, jobId, { ...second, number: 3 })).toMatchObject({ state: 'cancelling' })
    expect(await redis.xlen(k.results)).toBe(1)
    expect(await release(redis, jobId, 'n', 0)).toBe('failed')
    const { record } = (await viewJob(redis, jobId)) ?? {}
    expect(record?.reason).toMatch(/^its results are over .* MiB, the most that a submitted job keeps; .* shared\//)
    expect(record?.finishedAt).not.toBeNull()
  })

  test('P6 lines of a submitted job are in its history, and never fill the stream that keeps its results', async () => {
    const jobId = await makeJob(redis, 2, {}, { kind: 'submitted' })
    const k = jobKeys(jobId)
    const lines = printed({ index: 0, stream: 'stdout', text: 'x'.repeat(10_000), run: 1 })
    await append(redis, jobId, { runnerId: 'a', number: 1, entries: [lines] })
    expect(await redis.exists(k.results)).toBe(0)
    await append(redis, jobId, { runnerId: 'a', number: 2, entries: [lines, result(0)] })
    expect(await redis.xlen(k.lines)).toBe(2)
    expect(await viewJob(redis, jobId)).toMatchObject({ counts: { completed: 1 } })
    expect((await viewJob(redis, jobId))!.counts.storedBytes).toBeLessThan(1_000)
  })

  test('P6 a submitted job that nobody serves any more is failed at once by results that are too many', async () => {
    const jobId = await makeJob(redis, 1, {}, { kind: 'submitted' })
    await redis.hset(jobKeys(jobId).record, 'keptBytes', 1)
    expect(await append(redis, jobId, { runnerId: 'a', number: 1, entries: [result(0)] })).toMatchObject({
      state: 'failed',
    })
    expect((await viewJob(redis, jobId))?.record.finishedAt).not.toBeNull()
  })

  test('P6 bytes count until the client has taken them', async () => {
    const jobId = await makeJob(redis, 2)
    const { untakenBytes } = await append(redis, jobId, {
      runnerId: 'a',
      number: 1,
      entries: [result(0, 'x'.repeat(99))],
    })
    expect(untakenBytes).toBeGreaterThan(99)
    await take(redis, jobId, { firstKept: '99999999999999-0', bytes: untakenBytes, values: [] })
    expect(await redis.xlen(jobKeys(jobId).results)).toBe(0)
    expect(await append(redis, jobId, { runnerId: 'a', number: 2, entries: [] })).toMatchObject({ untakenBytes: 0 })
  })
})

describe('losing', () => {
  test('P2 what a lost runner had pulled is the next to be pulled; only what was running counts as lost', async () => {
    const jobId = await pushed(3)
    const running = await pull(jobId, 'a')
    const held = await pull(jobId, 'a')
    await begin(redis, jobId, 'a', [{ index: running.index, run: 1 }])
    expect(await loseRunner(redis, jobId, 'a')).toBe(2)
    expect(await inspect(redis, jobId, running.index)).toMatchObject({ losses: 1 })
    expect(await inspect(redis, jobId, held.index)).toMatchObject({ losses: 0 })
    expect([(await pull(jobId, 'b')).index, (await pull(jobId, 'b')).index].toSorted((a, b) => a - b)).toEqual([0, 1])
  })

  test('P2 the loss of one runner takes nothing from another', async () => {
    const jobId = await pushed(2)
    const mine = await pull(jobId, 'a')
    await pull(jobId, 'b')
    await begin(redis, jobId, 'a', [{ index: mine.index, run: 1 }])
    expect(await loseRunner(redis, jobId, 'b')).toBe(1)
    expect(await redis.lrange(jobKeys(jobId).queue.active, 0, -1)).toEqual([mine.bullId])
    expect(await redis.hgetall(jobKeys(jobId).running)).toEqual({ [mine.index]: 'a:1' })
  })

  test('giving back leaves alone what another runner has by now', async () => {
    const jobId = await pushed(1)
    const pulled = await pull(jobId, 'a')
    await redis.set(`${jobKeys(jobId).queue.job(pulled.bullId)}:lock`, 'b:7')
    expect(await giveBack(redis, jobId, { ...pulled, runnerId: 'a', untouched: true })).toBe(false)
    expect(await redis.llen(jobKeys(jobId).queue.active)).toBe(1)
  })
})

test('a retry is added once, however often it is asked for, and not for an input that has a result', async () => {
  const jobId = await pushed(2)
  const again = { runnerId: 'a', index: 0, value: '0', attempts: 1, delayMs: 60_000 }
  expect(await retry(redis, jobId, again)).toBe(true)
  expect(await retry(redis, jobId, again)).toBe(false)
  expect(await viewJob(redis, jobId)).toMatchObject({ delayed: 1 })
  expect(await inspect(redis, jobId, 0)).toMatchObject({ attempts: 1, losses: 0 })
  await append(redis, jobId, { runnerId: 'a', number: 1, entries: [result(1)] })
  expect(await retry(redis, jobId, { ...again, index: 1 })).toBe(false)
})

test('P6 kept results are read as many at a time as fit the bytes that are asked for, and one at least', async () => {
  const jobId = await makeJob(redis, 9, {}, { kind: 'submitted' })
  for (let index = 0; index < 5; index++) {
    const entries = [{ ...result(index), payload: Buffer.alloc(20_000) }]
    await append(redis, jobId, { runnerId: 'a', number: index + 1, entries })
  }
  const read = async (mostBytes: number, mostEntries = 99) =>
    (await readKept(redis, jobId, { after: '0-0', mostBytes, mostEntries })).entries.length
  expect([await read(50_000), await read(1), await read(1e9), await read(1e9, 3)]).toEqual([2, 1, 5, 3])
})

test('P8 no retry is added to a job that is over, however late it comes', async () => {
  const jobId = await makeJob(redis, 1, {}, { kind: 'submitted' })
  await cancel(redis, jobId, { outcome: 'cancelled', reason: 'enough' })
  const before = await redis.dbsize()
  const late = { runnerId: 'a', index: 0, value: '0', attempts: 1, delayMs: 0 }
  expect(await retry(redis, jobId, late)).toBe(false)
  expect(await redis.dbsize()).toBe(before)
})

test('P2 a slot that was lost counts against the input that was running in it', async () => {
  const jobId = await pushed(1)
  const pulled = await pull(jobId, 'a')
  await begin(redis, jobId, 'a', [{ index: 0, run: 1 }])
  expect(await giveBack(redis, jobId, { ...pulled, runnerId: 'a', lostIndex: 0, untouched: false })).toBe(true)
  expect(await inspect(redis, jobId, 0)).toMatchObject({ losses: 1 })
  expect(await redis.hlen(jobKeys(jobId).running)).toBe(0)
})

test('a split list loses and doubles no input, also when its reply is lost', async () => {
  const jobId = await makeJob(redis, 3)
  const job = openJob(jobCredentials(clusterKey, jobId, server.address))
  await job.push(
    [0, 1, 2].map((index) => ({ index, bytes: Buffer.from(`${index}`) })),
    3,
  )
  await job.close()
  const pulled = await pull(jobId, 'a')
  const parts = { stays: { c: 1, i: [0], v: ['0'] }, goes: { c: 1, i: [1, 2], v: ['1', '2'] } }
  expect(await split(redis, jobId, { ...pulled, ...parts })).toBe(true)
  expect(await split(redis, jobId, { ...pulled, ...parts })).toBe(true)
  const { queue } = jobKeys(jobId)
  const ids = [pulled.bullId, ...(await redis.lrange(queue.wait, 0, -1))]
  const lists = await Promise.all(ids.map((id) => redis.hget(queue.job(id), 'data')))
  expect(lists.map((data) => (JSON.parse(data ?? '') as { i: number[] }).i)).toEqual([[0], [1, 2]])
})

describe('places', () => {
  const holder = (runnerId: string, slot: number) => ({ nodeId: `node-of-${runnerId}`, runnerId, slot })

  async function withClaims(...runners: string[]): Promise<string> {
    const jobId = await makeJob(redis, 9)
    for (const runnerId of runners) await claim(redis, jobId, node(`node-of-${runnerId}`, 1))
    return jobId
  }

  test('taking twice is taking once, and leaving what was not taken frees nothing', async () => {
    const jobId = await withClaims('a', 'b')
    expect(await takePlace(redis, jobId, holder('a', 0), 1)).toBe(true)
    expect(await takePlace(redis, jobId, holder('a', 0), 1)).toBe(true)
    await leavePlace(redis, jobId, holder('b', 0))
    expect(await takePlace(redis, jobId, holder('b', 0), 1)).toBe(false)
    await leavePlace(redis, jobId, holder('a', 0))
    expect(await takePlace(redis, jobId, holder('b', 0), 1)).toBe(true)
  })

  test('P7 a node without a claim gets none, so that none is left behind that nobody gives up', async () => {
    const jobId = await withClaims('a')
    await release(redis, jobId, 'node-of-a', 0)
    expect(await takePlace(redis, jobId, holder('a', 0), 1)).toBe(false)
  })

  test('those of a lost runner, and of a node that is released, are free again and whoever listens hears of it', async () => {
    const jobId = await withClaims('a', 'b')
    const listener = redis.duplicate()
    let heard = 0
    listener.on('message', () => heard++)
    await listener.subscribe(jobKeys(jobId).freedPlaces)
    await takePlace(redis, jobId, holder('a', 0), 9)
    await takePlace(redis, jobId, holder('a', 1), 9)
    await takePlace(redis, jobId, holder('b', 0), 9)
    await loseRunner(redis, jobId, 'a')
    expect(await redis.hgetall(jobKeys(jobId).places)).toEqual({ 'b:0': 'node-of-b' })
    await release(redis, jobId, 'node-of-b', 0)
    expect(await redis.exists(jobKeys(jobId).places)).toBe(0)
    await expect.poll(() => heard).toBe(3)
    listener.disconnect()
  })

  test('there are never more than allowed, whatever is taken, left, lost and released', async () => {
    const runners = ['a', 'b', 'c']
    const step = fc.tuple(
      fc.constantFrom('take', 'take', 'take', 'leave', 'lose', 'release'),
      fc.constantFrom(...runners),
      fc.nat(2),
    )
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 25 }), async (most, steps) => {
        const jobId = await withClaims(...runners)
        const model = new Set<string>()
        const claimed = new Set(runners)
        for (const [action, runnerId, slot] of steps) {
          const name = `${runnerId}:${slot}`
          if (action === 'take') {
            const expected = claimed.has(runnerId) && (model.has(name) || model.size < most)
            expect(await takePlace(redis, jobId, holder(runnerId, slot), most)).toBe(expected)
            if (expected) model.add(name)
          } else if (action === 'leave') {
            await leavePlace(redis, jobId, holder(runnerId, slot))
            model.delete(name)
          } else {
            if (action === 'lose') await loseRunner(redis, jobId, runnerId)
            else await release(redis, jobId, `node-of-${runnerId}`, 0)
            for (const each of model) if (each.startsWith(`${runnerId}:`)) model.delete(each)
            if (action === 'release') claimed.delete(runnerId)
          }
          expect((await redis.hkeys(jobKeys(jobId).places)).toSorted()).toEqual([...model].toSorted())
          expect(model.size).toBeLessThanOrEqual(most)
        }
      }),
      { numRuns: 50 },
    )
  })
})

describe('claims', () => {
  test('P3 nodes claim a job only while it wants more slots than it has', async () => {
    const jobId = await makeJob(redis, 3)
    expect(await claim(redis, jobId, node('n1', 2))).toBe(true)
    expect(await claim(redis, jobId, node('n2', 2))).toBe(true)
    expect(await claim(redis, jobId, node('n3', 2))).toBe(false)
    const capped = await makeJob(redis, 9, { maxParallelism: 1 })
    expect(await claim(redis, capped, node('n1', 1))).toBe(true)
    expect(await claim(redis, capped, node('n2', 1))).toBe(false)
  })

  test('releasing twice is releasing once', async () => {
    const jobId = await makeJob(redis, 1)
    await claim(redis, jobId, node('n1', 1))
    await release(redis, jobId, 'n1', 5)
    await release(redis, jobId, 'n1', 7)
    expect(await viewJob(redis, jobId)).toMatchObject({ record: { nodeMs: 5 } })
  })

  test('a claim that was given away cannot be renewed', async () => {
    const jobId = await makeJob(redis, 1)
    await claim(redis, jobId, node('n1', 1))
    expect(await renewClaim(redis, jobId, node('n1', 1))).toBe(true)
    await release(redis, jobId, 'n1', 5)
    expect(await renewClaim(redis, jobId, node('n1', 1))).toBe(false)
    expect(await redis.exists(jobKeys(jobId).claim('n1'))).toBe(0)
  })

  test('a cancelled job ends when its last node has released it, and takes no claims or results before', async () => {
    const jobId = await makeJob(redis, 9)
    await claim(redis, jobId, node('n1', 1))
    await claim(redis, jobId, node('n2', 1))
    expect(await cancel(redis, jobId, { outcome: 'failed', reason: 'why' })).toBe('cancelling')
    expect(await claim(redis, jobId, node('n3', 1))).toBe(false)
    expect(await append(redis, jobId, { runnerId: 'a', number: 1, entries: [result(0)] })).toMatchObject({
      state: 'cancelling',
    })
    expect(await release(redis, jobId, 'n1', 0)).toBe('cancelling')
    expect(await release(redis, jobId, 'n2', 0)).toBe('failed')
    expect(await viewJob(redis, jobId)).toMatchObject({
      record: { state: 'failed', reason: 'why' },
      counts: { completed: 0 },
    })
  })
})

test('a full Redis refuses results and lets everything else go on', async () => {
  const jobId = await pushed(2)
  const pulled = await pull(jobId, 'a')
  await claim(redis, jobId, node('n1', 1))
  const used = Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1])
  await redis.config('SET', 'maxmemory', String(used - 1024))
  try {
    const stored = append(redis, jobId, { runnerId: 'a', number: 1, entries: [result(0)] })
    await expect(stored).rejects.toThrow(/^OOM/)
    expect(await begin(redis, jobId, 'a', [{ index: 0, run: 1 }])).toBe('running')
    expect(await renewClaim(redis, jobId, node('n1', 1))).toBe(true)
    expect(await giveBack(redis, jobId, { ...pulled, runnerId: 'a', untouched: true })).toBe(true)
    expect(await cancel(redis, jobId, { outcome: 'cancelled', reason: 'why' })).toBe('cancelling')
  } finally {
    await redis.config('SET', 'maxmemory', '0')
  }
})
