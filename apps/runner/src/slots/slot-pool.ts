/**
 * The slots of one runner. They start warm: forked, with all modules loaded, knowing nothing of any job; `setup` binds
 * them to one job for the rest of their lives. The pool owns their processes and working folders; `close` ends both.
 *
 * The process of the pool never runs the user's code and never decodes values: it can kill a slot at any moment.
 */
import { strict as assert } from 'node:assert'
import { rm } from 'node:fs/promises'
import type { Reaper } from '@burla/processes'
import type { Line } from '@burla/protocol'
import { Slot } from './slot.ts'
import { watchOomKills, type OomKills } from './oom-kills.ts'
import { OutputValve } from './slot-output.ts'
import { slotFolder, type SlotSetup } from './slot-setup.ts'

export interface SlotPoolOptions {
  /** slots, and how many of them are warm from the start, also after `resize`; a process costs tens of megabytes */
  size: number
  reaper: Pick<Reaper, 'watch' | 'forget'>
  /** What the slots print, in batches; `line.index` is -1 outside of calls. Lines of a call come before its outcome. */
  onLines: (lines: Line[], slot: number) => void
  /** more environment variables for the slots' processes, which else get a clean environment */
  env?: Record<string, string>
  /** V8's heap limit of the warm slots. Default: Node's own */
  heapMiB?: number
  /** one for all pools of a process */
  oomKills?: OomKills
}

export interface SlotPool extends AsyncDisposable {
  readonly size: number
  /** slots that `take` would give now */
  readonly free: number
  /** Resolves when the slots are warm. */
  ready(): Promise<void>
  /** Binds the slots to a job; once, before the first call. */
  setup(setup: SlotSetup): void
  /** A free slot, to run one call after another in; give it back with `release`. `undefined`: none is free. */
  take(): Slot | undefined
  release(slot: Slot): void
  /** Slots above the new size end at once, or when they are released; more ones are started by their first call. */
  resize(size: number): void
  /** Slots that print wait in their writes, and outcomes wait for their lines, until `resumeOutput`. */
  pauseOutput(): void
  resumeOutput(): void
  /** Kills all slots; running calls are `lost`. Resolves when the processes are dead. A later call starts a new one. */
  killAll(): Promise<void>
  /** Kills all slots and removes their working folders. */
  close(): Promise<void>
}

export function createSlotPool(options: SlotPoolOptions): SlotPool {
  const { reaper, onLines, env = {}, heapMiB, oomKills = watchOomKills() } = options
  let { size } = options
  const warmSize = size
  const valve = new OutputValve()
  /** by number; those above the size are taken and leave when they are released */
  const slots = new Map<number, Slot>()
  const taken = new Set<Slot>()
  const leaving = new Set<Promise<void>>()
  let numbersUsed = 0
  let setup: SlotSetup | undefined

  function resize(newSize: number): void {
    size = newSize
    for (let number = 0; number < size; number++) if (!slots.has(number)) add(number)
    for (const slot of slots.values()) if (slot.number >= size && !taken.has(slot)) leave(slot)
  }

  function add(number: number): void {
    numbersUsed = Math.max(numbersUsed, number + 1)
    slots.set(
      number,
      new Slot(number, { reaper, valve, env, heapMiB, onLines, oomKills }, { setup, warm: number < warmSize }),
    )
  }

  function leave(slot: Slot): void {
    slots.delete(slot.number)
    const left = slot.close()
    leaving.add(left)
    void left.then(() => leaving.delete(left))
  }

  const isFree = (slot: Slot) => slot.number < size && !taken.has(slot)

  async function killAll(): Promise<void> {
    // Nobody reads what killed slots still have to say, and a closed valve would hold their end back.
    valve.open()
    await Promise.all([...slots.values()].map((slot) => slot.kill()))
    await Promise.all(leaving)
  }

  async function close(): Promise<void> {
    valve.open()
    size = 0
    for (const slot of slots.values()) leave(slot)
    await Promise.all(leaving)
    if (!setup) return
    for (let number = 0; number < numbersUsed; number++) {
      await rm(slotFolder(setup, number), { recursive: true, force: true })
    }
  }

  resize(size)
  return {
    get size() {
      return size
    },
    get free() {
      return [...slots.values()].filter(isFree).length
    },
    async ready() {
      await Promise.all([...slots.values()].map((slot) => slot.ready()))
    },
    setup(newSetup) {
      assert(!setup, 'a pool serves one job')
      setup = newSetup
      for (const slot of slots.values()) slot.setup(setup)
    },
    take() {
      const slot = [...slots.values()].find(isFree)
      if (slot) taken.add(slot)
      return slot
    },
    release(slot) {
      taken.delete(slot)
      if (slot.number >= size && slots.get(slot.number) === slot) leave(slot)
    },
    resize,
    pauseOutput: () => valve.close(),
    resumeOutput: () => valve.open(),
    killAll,
    close,
    [Symbol.asyncDispose]: close,
  }
}
