/**
 * One part of the cluster, kept running:
 *
 *   starting -> running -> (died) -> waiting -> starting ...        until `signal` is aborted
 *                             \--> hopeless: throws, and the cluster ends
 */
import { setTimeout as delay } from 'node:timers/promises'
import { BurlaError } from '@burla/protocol'
import { restartDelayMs } from './restarts.ts'

export interface Running {
  pid: number
  exited: Promise<{ lastLines: string[] }>
  /** Asks it to end, and kills it after `graceMs`. */
  stop(graceMs: number): Promise<unknown>
}

export interface Kept {
  name: string
  start(): Promise<Running>
}

/** Never resolves to a dead part's silence: resolves after the abort of `signal`, rejects when the part is hopeless. */
export async function keepRunning(
  { name, start }: Kept,
  first: Running,
  { signal, onRunning }: { signal: AbortSignal; onRunning: (running: Running) => void },
): Promise<void> {
  const deaths: number[] = []
  let running: Running | undefined = first
  let lastWords = ''
  for (;;) {
    if (running !== undefined) lastWords = (await running.exited).lastLines.join('\n')
    if (signal.aborted) return
    deaths.push(Date.now())
    const waitMs = restartDelayMs(deaths, Date.now())
    if (waitMs === undefined) {
      throw new BurlaError(
        'CLUSTER_UNREACHABLE',
        `${name} died ${deaths.length} times in a minute. Its last lines:\n${lastWords}`,
      )
    }
    // The abort ends the wait; the loop ends at the next look at it.
    await delay(waitMs, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return
    try {
      running = await start()
      onRunning(running)
    } catch (error) {
      running = undefined
      lastWords = (error as Error).message
    }
  }
}
