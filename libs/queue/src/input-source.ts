/**
 * The runner's end of a job's queue: one BullMQ Worker that pulls inputs, renews their locks and completes them.
 *
 * BullMQ hands out as many lists of inputs as the source's `concurrency`; what happens to each is up to `onList`, which
 * resolves when Redis knows the end of all its inputs (`stored`), or when our scripts have put the list back (`gone`).
 * BullMQ itself never fails, retries or delays an input.
 */
import type { Redis } from 'ioredis'
import { WaitingError, Worker } from 'bullmq'
import { jobKeys, lockDurationMs, stalledIntervalMs, type JobId } from '@burla/protocol'
import { isFull } from './connection.ts'
import type { InputData, InputName } from './input-data.ts'
import { readLarge } from './large-values.ts'
import { reclaimStrays } from './strays.ts'
import type { Pulled } from './scripts.ts'

export interface PulledList extends Pulled {
  data: InputData
  /** it was handed out before, or may have been pushed twice: look before running its inputs */
  suspect: boolean
}

export type ListEnd = 'stored' | 'gone'

export interface InputSource {
  /** the runner's id; lock tokens begin with it */
  readonly runnerId: string
  /** Starts pulling. */
  start(): void
  /** How many lists the runner wants to have in hand, at least 1. */
  setConcurrency(count: number): void
  /** Pulls no more until `resume`. An input that was on its way may still come. */
  pause(): void
  resume(): void
  /** What was said last of its concurrency holds from now on, and not from the end of a list in hand. */
  wake(): void
  /** Does not wait for inputs in hand. */
  close(): Promise<void>
}

export interface InputSourceOptions {
  redis: Redis
  jobId: JobId
  onList: (list: PulledList) => Promise<ListEnd>
  /** BullMQ itself has declared the list failed and removed it: its inputs must get a result all the same */
  onFailed: (data: InputData, error: Error) => void
  /** something went wrong that is waited out; for the log */
  onTrouble: (error: Error) => void
}

/** While Redis is full BullMQ would ask again without a pause. */
const fullPauseMs = 200

export function createInputSource({ redis, jobId, onList, onFailed, onTrouble }: InputSourceOptions): InputSource {
  const held = new Set<string>()
  const worker = new Worker<InputData, void, InputName>(
    jobId,
    async (job, token = '') => {
      const bullId = job.id ?? ''
      held.add(bullId)
      try {
        const suspect = job.name !== 'input' || job.attemptsStarted > 1
        if ((await onList({ bullId, token, data: job.data, suspect })) === 'stored') return
      } catch (error) {
        // Never BullMQ's to fail: a list nobody answers for is found again when its lock has expired.
        onTrouble(error as Error)
      } finally {
        held.delete(bullId)
      }
      throw new WaitingError()
    },
    {
      connection: redis,
      prefix: jobKeys(jobId).prefix,
      autorun: false,
      lockDuration: lockDurationMs,
      stalledInterval: stalledIntervalMs,
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      runRetryDelay: 100,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    },
  )

  let fullUntil = 0
  let wantsPause = false
  worker.on('failed', (job, error) => {
    if (job) onFailed(job.data, error)
  })
  worker.on('error', (error) => {
    onTrouble(error)
    if (!isFull(error) || fullUntil > Date.now() || wantsPause) return
    fullUntil = Date.now() + fullPauseMs
    void worker.pause(true)
    setTimeout(() => {
      if (!wantsPause) void worker.resume()
    }, fullPauseMs)
  })

  const closing = new AbortController()
  const onReady = () => {
    reclaimStrays({ redis, jobId, runnerId: worker.id, held, signal: closing.signal }).catch(onTrouble)
  }
  return {
    runnerId: worker.id,
    start() {
      redis.on('ready', onReady)
      worker.run().catch(onTrouble)
    },
    setConcurrency(count) {
      if (worker.concurrency !== count) worker.concurrency = count
    },
    pause() {
      wantsPause = true
      void worker.pause(true)
    },
    resume() {
      wantsPause = false
      void worker.resume()
    },
    wake() {
      if (wantsPause) return
      void worker.pause(true)
      void worker.resume()
    },
    async close() {
      redis.off('ready', onReady)
      closing.abort()
      await worker.close(true)
    },
  }
}

/** Bytes of an input that did not fit the queue's JSON. `undefined`: it has a result already. */
export function readLargeInput(redis: Redis, jobId: JobId, index: number, bytes: number): Promise<Buffer | undefined> {
  return readLarge(redis, jobKeys(jobId).inputs, String(index), bytes)
}
