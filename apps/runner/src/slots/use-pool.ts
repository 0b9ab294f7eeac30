/** For tests: a pool of real slots bound to one function, and the lines it printed; all of it gone after the test. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { captureFunction } from '@burla/closure'
import { isGroupAlive, startReaper } from '@burla/processes'
import { decodeFailure, decodeValue, encodeValue, type Line } from '@burla/protocol'
import { expect, onTestFinished } from 'vitest'
import { createSlotPool, type SlotPool } from './index.ts'
import type { Outcome } from './outcome.ts'
import type { Call } from './running-call.ts'
import type { Slot } from './slot.ts'
import type { SlotSetup } from './slot-setup.ts'

/** Else each slot strips the types of the same files again, which is two thirds of its start. */
const compileCache = fileURLToPath(new URL('../../../../node_modules/.cache/burla-compile', import.meta.url))

/** calls here start no jobs */
const noJobs = { runnerId: 'runner-1', access: { api: { socketPath: '' }, token: '' } }

export interface TestPool {
  pool: SlotPool
  lines: Line[]
  /** how many batches the lines came in */
  batches: () => number
  folder: string
  sharedDir: string
  /** pids that the pool has ever had watched */
  pids: Set<number>
  /** Calls on a free slot and gives it back. */
  call: (input: unknown, more?: Partial<Call>) => Promise<Told>
}

/** An outcome with its payload decoded. */
export type Told =
  | { type: 'value'; value: unknown; durationMs: number }
  | { type: 'error'; error: Error & Record<string, unknown>; durationMs: number }
  | { type: 'lost'; durationMs: number }

export async function usePool(
  fn: (input: never, index: number) => unknown,
  { size = 1, env = {}, setup = {} }: { size?: number; env?: Record<string, string>; setup?: Partial<SlotSetup> } = {},
): Promise<TestPool> {
  const folder = await mkdtemp(join(tmpdir(), 'burla-slots-'))
  const sharedDir = await mkdtemp(join(tmpdir(), 'burla-shared-'))
  const reaper = startReaper({ graceMs: 0 })
  const pids = new Set<number>()
  const lines: Line[] = []
  let batches = 0
  const pool = createSlotPool({
    size,
    reaper: {
      watch(pid) {
        pids.add(pid)
        reaper.watch(pid)
      },
      forget: (pid) => reaper.forget(pid),
    },
    env: { NODE_COMPILE_CACHE: compileCache, ...env },
    onLines(more) {
      batches++
      lines.push(...more)
    },
  })
  onTestFinished(async () => {
    await pool.close()
    reaper.close()
    const left = await readdir(folder)
    await rm(folder, { recursive: true })
    await rm(sharedDir, { recursive: true })
    expect([...pids].filter(isGroupAlive)).toEqual([])
    expect(left).toEqual([])
  })
  const functionBytes = captureFunction(fn).bytes
  pool.setup({ functionBytes, jobId: 'job-1', nodeId: 'node-1', env: {}, folder, sharedDir, ...noJobs, ...setup })

  async function call(input: unknown, more: Partial<Call> = {}): Promise<Told> {
    const slot = pool.take()
    if (!slot) throw new Error('no slot is free')
    try {
      return await callOn(slot, input, more)
    } finally {
      pool.release(slot)
    }
  }
  return { pool, lines, batches: () => batches, folder, sharedDir, pids, call }
}

export async function callOn(slot: Slot, input: unknown, more: Partial<Call> = {}): Promise<Told> {
  return tell(await slot.call({ index: 0, input: encodeValue(input), timeoutMs: null, run: 1, ...more }))
}

function tell(outcome: Outcome): Told {
  const { durationMs } = outcome
  if (outcome.type === 'value') return { type: 'value', value: decodeValue(outcome.payload), durationMs }
  if (outcome.type === 'lost') return { type: 'lost', durationMs }
  return { type: 'error', error: decodeFailure(outcome.payload) as Error & Record<string, unknown>, durationMs }
}
