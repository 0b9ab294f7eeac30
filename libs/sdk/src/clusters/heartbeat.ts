/**
 * Tells a cluster that this program is there (P10), from a thread of its own, so that a main thread that computes for
 * minutes is not taken for one that died.
 *
 *   no job held -> waiting (most jobs are over by then and pay nothing) -> thread -> last job let go: ended
 *
 * One thread for each cluster that has jobs of this program. Neither thread nor timer keeps the program alive. A thread
 * that dies is started again: until then the cluster has the time of a client that is gone.
 */
import { Worker } from 'node:worker_threads'
import { clientHeartbeatMs, type JobId } from '@burla/protocol'
import type { ApiTarget } from './api-client.ts'
import { heartbeatThread } from './heartbeat-thread.ts'

export interface Heartbeats {
  /** Until the reply is called. `onUnknown`: the cluster knows of no such job, or it needs no client (any more). */
  hold(held: Held): () => void
}

export interface Held {
  jobId: JobId
  /** how long a silent client of the job is waited for */
  clientGraceMs: number
  onUnknown: () => void
}

export interface HeartbeatTimes {
  startAfterMs?: number
  everyMs?: number
}

/** An api that is being restarted, or a thread that died, is tried again after this long. */
const againMs = 1_000
/** A connection on which nothing comes for this long is given up for another one. */
const answerWithinMs = 10_000
/** A job whose client may be silent for less than this has the thread at once. */
const shortGraceMs = 60_000

export function createHeartbeats(
  target: ApiTarget,
  { startAfterMs = 1_500, everyMs = clientHeartbeatMs }: HeartbeatTimes = {},
): Heartbeats {
  const all = new Set<Held>()
  let starting: NodeJS.Timeout | undefined
  let thread: Worker | undefined
  let warned = false

  const jobs = () => [...new Set(Array.from(all, ({ jobId }) => jobId))]

  function schedule(ms: number): void {
    starting ??= setTimeout(start, ms).unref()
  }

  function start(): void {
    clearTimeout(starting)
    starting = undefined
    // Without the program's own flags and NODE_OPTIONS: what they load is not for this thread.
    const { NODE_OPTIONS: _, ...env } = process.env
    const path = `${new URL(target.origin).pathname.replace(/\/$/, '')}/v1/heartbeat`
    const workerData = { ...target, path, jobs: jobs(), everyMs, againMs, answerWithinMs }
    const started = new Worker(heartbeatThread, { eval: true, name: 'burla-heartbeat', workerData, env, execArgv: [] })
    thread = started
    started.on('message', (unknown: JobId[]) => {
      for (const held of all) if (unknown.includes(held.jobId)) held.onUnknown()
    })
    started.once('error', ({ message }) => {
      if (!warned) process.emitWarning(`burla: this program's heartbeat failed and is tried again (${message})`)
      warned = true
    })
    started.once('exit', () => {
      if (thread !== started) return
      thread = undefined
      schedule(againMs)
    })
    // Last: a listener to messages refs it.
    started.unref()
  }

  function letGo(): void {
    if (all.size > 0) return thread?.postMessage(jobs())
    clearTimeout(starting)
    starting = undefined
    const ended = thread
    thread = undefined
    void ended?.terminate()
  }

  return {
    hold(held) {
      all.add(held)
      if (thread) thread.postMessage(jobs())
      else if (held.clientGraceMs < shortGraceMs) start()
      else schedule(startAfterMs)
      return () => {
        if (all.delete(held)) letGo()
      }
    },
  }
}
