import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { until } from '@burla/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createHeartbeats, type Held } from './heartbeat.ts'

/** An api in a thread of its own, so that it hears what is said while the main thread stands still. */
const api = `
const { createServer } = require('node:http')
const { parentPort, workerData } = require('node:worker_threads')
const beats = new Int32Array(workerData)
const server = createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    Atomics.add(beats, 0, 1)
    const { authorization } = request.headers
    parentPort.postMessage({ path: request.url, authorization, ...JSON.parse(Buffer.concat(chunks)) })
    response.end('{"unknown":["lost"]}')
  })
})
server.on('connection', (socket) => {
  parentPort.postMessage({ opened: true })
  socket.on('end', () => parentPort.postMessage({ closed: true }))
})
server.listen(0, '127.0.0.1', () => parentPort.postMessage({ port: server.address().port }))
`

interface Message {
  port?: number
  path?: string
  authorization?: string
  jobs?: string[]
  opened?: true
  closed?: true
}

let server: Worker
let beats: Int32Array<SharedArrayBuffer>
let heard: Message[]
let origin: string
beforeEach(async () => {
  beats = new Int32Array(new SharedArrayBuffer(4))
  heard = []
  server = new Worker(api, { eval: true, workerData: beats.buffer })
  const [{ port }] = (await once(server, 'message')) as [Message]
  origin = `http://127.0.0.1:${port}`
  server.on('message', (message: Message) => heard.push(message))
})
afterEach(() => server.terminate())

const create = (startAfterMs = 0) => createHeartbeats({ origin, token: 'secret' }, { startAfterMs, everyMs: 20 })
const job = (jobId: string, more: Partial<Held> = {}) => ({
  jobId,
  clientGraceMs: 900_000,
  onUnknown: () => undefined,
  ...more,
})
const lastJobs = () => heard.findLast(({ jobs }) => jobs)?.jobs

test('P10 says which jobs are held, over one connection, until the last is let go', async () => {
  const heartbeats = create()
  const letGo = [heartbeats.hold(job('a')), heartbeats.hold(job('b'))]
  await until('both are said', () => lastJobs()?.join() === 'a,b')
  expect(heard.find(({ path }) => path)).toMatchObject({ path: '/v1/heartbeat', authorization: 'Bearer secret' })
  letGo[0]?.()
  await until('one is said', () => lastJobs()?.join() === 'b')
  letGo[1]?.()
  await until('the connection is closed', () => heard.some(({ closed }) => closed))
  expect(heard.filter(({ opened }) => opened)).toHaveLength(1)
})

test('P10 is heard while the main thread stands still', async () => {
  const letGo = create().hold(job('a'))
  await until('it is said', () => lastJobs())
  const before = Atomics.load(beats, 0)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000)
  expect(Atomics.load(beats, 0)).toBeGreaterThan(before + 1)
  letGo()
})

test('a job that is over soon costs no thread', async () => {
  const threads: Worker[] = []
  const onThread = (thread: Worker) => threads.push(thread)
  process.on('worker', onThread)
  const heartbeats = create(60_000)
  heartbeats.hold(job('a'))()
  const letGo = heartbeats.hold(job('b'))
  const other = create()
  const letOtherGo = other.hold(job('c'))
  await until('the other is said', () => lastJobs()?.join() === 'c')
  expect(threads).toHaveLength(1)
  letGo()
  letOtherGo()
  process.off('worker', onThread)
})

test('P10 a job whose silent client is waited for a short time only has its heartbeat at once', async () => {
  const letGo = create(60_000).hold(job('a', { clientGraceMs: 10_000 }))
  await until('it is said', () => lastJobs())
  letGo()
})

test('P7 a program hears of a job that the cluster does not know', async () => {
  const lost: string[] = []
  const heartbeats = create()
  const letGo = ['a', 'lost'].map((jobId) => heartbeats.hold(job(jobId, { onUnknown: () => lost.push(jobId) })))
  await until('it has heard', () => lost.length > 0)
  expect(new Set(lost)).toEqual(new Set(['lost']))
  for (const end of letGo) end()
})

test('an api that is away is tried again, on a new connection', async () => {
  const letGo = create().hold(job('a'))
  await until('it is said', () => lastJobs())
  await server.terminate()
  heard = []
  const again = new Worker(api.replace('listen(0,', `listen(${new URL(origin).port},`), {
    eval: true,
    workerData: beats.buffer,
  })
  again.on('message', (message: Message) => heard.push(message))
  await until('it is said again', () => lastJobs())
  letGo()
  await again.terminate()
})

test('a thread that fails is started again, and the program is told, not ended', async () => {
  const threads: Worker[] = []
  const warnings: Error[] = []
  const onThread = (thread: Worker) => threads.push(thread)
  const onWarning = (warning: Error) => warnings.push(warning)
  process.on('worker', onThread).on('warning', onWarning)
  const letGo = createHeartbeats({ origin: 'ftp://nowhere', token: undefined }, { startAfterMs: 0 }).hold(job('a'))
  await until('there was a second thread', () => threads.length === 2)
  letGo()
  expect(warnings.map(({ message }) => message)).toEqual([
    expect.stringContaining("burla: this program's heartbeat failed and is tried again (Protocol"),
  ])
  process.off('worker', onThread).off('warning', onWarning)
})

test('a program that has nothing left to do ends, held jobs or not', async () => {
  const entry = new URL('./fixtures/holding-program.ts', import.meta.url).pathname
  const program = spawn(process.execPath, [entry, origin], { timeout: 20_000 })
  const [code] = (await once(program, 'exit')) as [number]
  expect(code).toBe(0)
  expect(lastJobs()).toEqual(['job-0000000000'])
})
