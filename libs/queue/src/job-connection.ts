/**
 * A program's connection to one job, as the job's own Redis user: inputs in, results out.
 *
 * Inputs are pushed so that a lost reply loses and doubles nothing: ids are derived from indexes, a push whose reply did
 * not arrive is made again under the name `again`, and runners look twice at those.
 */
import type { Redis } from 'ioredis'
import { jobKeys, type JobCredentials, type JobStatus, type ResultEntry } from '@burla/protocol'
import { ringBell } from './bell.ts'
import { connectRedis, orClosed } from './connection.ts'
import { encodeInputs, intoLists, isInline, listId, type EncodedInput, type InputName } from './input-data.ts'
import { writeLarge } from './large-values.ts'
import { statusOf, viewJob } from './job-view.ts'
import { untilStored } from './patience.ts'
import { readKeptResults, type KeptBatch } from './kept-results.ts'
import { readResults } from './result-reader.ts'
import { announce, type StateReply } from './scripts.ts'

export interface JobConnection {
  /** Resolves when they are stored; waits while Redis is away or full. `listSize`: so many share one BullMQ job. */
  push(inputs: EncodedInput[], listSize?: number): Promise<void>
  /** How many inputs are known of so far, and whether these are all and stored. Resolves with the job's state then. */
  announce(inputs: { known: number; ended: boolean }): Promise<StateReply>
  /** Batches in the order of the stream; see `readResults` for its end and its errors. Of an attached job: takes them. */
  results(signal: AbortSignal): AsyncGenerator<ResultEntry[]>
  /** The same of a submitted job: leaves them where they are, see `readKeptResults`. */
  keptResults(signal: AbortSignal): AsyncGenerator<KeptBatch>
  status(): Promise<JobStatus | undefined>
  close(): Promise<void>
}

const bellEveryMs = 100

export function openJob(credentials: JobCredentials): JobConnection {
  const { jobId, redis: address, username, password } = credentials
  const keys = jobKeys(jobId)
  const open = (name: string, resend: boolean) =>
    connectRedis({ address, username, password, name: `burla-client-${name}`, resend })
  // Nothing on this connection is sent again by itself: a reply that is under way when it closes is an error at once.
  const redis = open(jobId, false)
  const reader = open(jobId, true)
  const stop = new AbortController()
  const queue = openQueue(redis, jobId)
  let rangAt = 0

  function callNodes(): void {
    if (Date.now() - rangAt < bellEveryMs) return
    rangAt = Date.now()
    // Agents also look by themselves once a second.
    ringBell(redis, jobId).catch(() => undefined)
  }

  return {
    async push(inputs, listSize = 1) {
      const lists = intoLists(inputs, listSize)
      await untilStored(async (tries) => {
        await whenReady(redis, stop.signal)
        await orClosed(redis, pushOnce(lists, tries === 0 ? 'input' : 'again'))
      }, stop.signal)
      callNodes()
    },
    async announce(inputs) {
      return untilStored(async () => {
        await whenReady(redis, stop.signal)
        return orClosed(redis, announce(redis, jobId, inputs))
      }, stop.signal)
    },
    results: (signal) => readResults({ jobId, reader, redis }, AbortSignal.any([signal, stop.signal])),
    keptResults: (signal) => readKeptResults({ redis: reader, jobId, signal: AbortSignal.any([signal, stop.signal]) }),
    async status() {
      const view = await orClosed(redis, viewJob(redis, jobId))
      return view && statusOf(view)
    },
    async close() {
      stop.abort(new Error(`the connection to job ${jobId} was closed`))
      for (const connection of [redis, reader]) connection.disconnect()
      await queue.then((it) => it.close()).catch(() => undefined)
    },
  }

  async function pushOnce(lists: EncodedInput[][], name: InputName): Promise<void> {
    const large = lists.flat().filter((input) => !isInline(input))
    await Promise.all(large.map(({ index, bytes }) => writeLarge(redis, keys.inputs, String(index), bytes)))
    const jobs = lists.map((list) => ({ name, data: encodeInputs(list), opts: { jobId: listId(list) } }))
    await (await queue).addBulk(jobs)
  }
}

/** BullMQ is loaded with the first job, not with the program. */
async function openQueue(connection: Redis, jobId: string) {
  const { Queue } = await import('./bullmq-queue.ts')
  const queue = new Queue(jobId, { connection, prefix: jobKeys(jobId).prefix, skipMetasUpdate: true })
  queue.on('error', () => undefined)
  return queue
}

function whenReady(redis: Redis, signal: AbortSignal): Promise<void> {
  if (redis.status === 'ready') return Promise.resolve()
  return new Promise((resolve, reject) => {
    const onReady = () => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }
    const onAbort = () => {
      redis.off('ready', onReady)
      reject(signal.reason as Error)
    }
    redis.once('ready', onReady)
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
