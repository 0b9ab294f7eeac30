import { claim, connectRedis, createJob, jobCredentials, leavePlace, loseRunner, type Redis } from '@burla/queue'
import { newJobId } from '@burla/protocol'
import { someJob, until, useRedis } from '@burla/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createPlaces, type Places } from './places.ts'

const server = useRedis()
let redis: Redis
let jobId: string
let connections: Redis[]
let over: AbortController
let draining: AbortController
beforeEach(async () => {
  redis = connectRedis({ address: server.address, password: server.password, name: 'test' })
  connections = [redis]
  over = new AbortController()
  draining = new AbortController()
  jobId = newJobId('test')
  await createJob(redis, 'key', someJob({ id: jobId, known: 9 }))
  for (const runnerId of ['a', 'b', 'c']) {
    const state = 'active' as const
    await claim(redis, jobId, { nodeId: `node-of-${runnerId}`, state, slots: 2, runnerId, claimedAt: 0 })
  }
})
afterEach(() => {
  over.abort()
  for (const connection of connections) connection.disconnect()
})

function connect(): Redis {
  const { username, password } = jobCredentials('key', jobId, server.address)
  const connection = connectRedis({ address: server.address, username, password, name: 'test' })
  connections.push(connection)
  return connection
}

const starts = () => ({ signal: draining.signal, comesBack: false })

/** Those who wait hear of freed places by messages only: a look by themselves would come too late for any test. */
function placesOf(runnerId: string): Places {
  const nodeId = `node-of-${runnerId}`
  const lookEveryMs = 1_000_000
  const own = connect()
  return createPlaces({
    redis: own,
    listener: connect,
    jobId,
    nodeId,
    runnerId,
    maxParallelism: 2,
    over: over.signal,
    lookEveryMs,
  })
}

const waits = async (place: Promise<boolean>) =>
  (await Promise.race([place, new Promise((resolve) => setTimeout(resolve, 50))])) === undefined

test('a place that is left, or freed by a loss, goes to whoever waits on any node', async () => {
  const [a, b, c] = [placesOf('a'), placesOf('b'), placesOf('c')]
  expect(await Promise.all([a.take(0, starts()), b.take(0, starts())])).toEqual([true, true])
  const third = c.take(0, starts())
  expect(await waits(third)).toBe(true)
  await a.leave(0)
  expect(await third).toBe(true)
  const [fourth, fifth] = [a.take(0, starts()), a.take(1, starts())]
  expect(await waits(fourth)).toBe(true)
  await loseRunner(redis, jobId, 'b')
  expect(await fourth).toBe(true)
  await loseRunner(redis, jobId, 'c')
  expect(await fifth).toBe(true)
})

test('a place that was freed while its listener was cut off is found when it listens again', async () => {
  const [a, b] = [placesOf('a'), placesOf('b')]
  await Promise.all([a.take(0, starts()), a.take(1, starts())])
  const waiting = b.take(0, starts())
  const listeners = () => redis.call('CLIENT', 'LIST', 'TYPE', 'pubsub') as Promise<string>
  const id = await until('it listens', async () => /id=(\d+)/.exec(await listeners())?.[1])
  // Sent together, so that nothing comes between them.
  const killed = redis.client('KILL', 'ID', id)
  await leavePlace(redis, jobId, { nodeId: 'node-of-a', runnerId: 'a', slot: 0 })
  await killed
  expect(await waiting).toBe(true)
})

test('who waits when no more calls may start goes without, and holds nothing', async () => {
  const [a, b] = [placesOf('a'), placesOf('b')]
  await Promise.all([a.take(0, starts()), a.take(1, starts())])
  const waiting = [b.take(0, starts()), b.take(1, starts())]
  expect(await waits(Promise.all(waiting).then(() => true))).toBe(true)
  draining.abort()
  expect(await Promise.all(waiting)).toEqual([false, false])
  expect(await b.take(0, starts())).toBe(false)
  await a.leave(0)
  await a.leave(1)
  expect(await redis.exists(`burla:v1:{${jobId}}:places`)).toBe(0)
})
