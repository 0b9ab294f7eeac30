/**
 * Pulls the caller's inputs, one after another and only while the window has room, and encodes each as it comes.
 *
 * The elements of an array are taken and encoded during the call itself, as far as the window allows, so that a change
 * made to them after the call does not reach the job. Other iterables are pulled in slices of some milliseconds: the
 * caller's program stays responsive, and the first inputs leave before the last ones are made.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { InputSource } from './inputs.ts'
import type { Window } from './windows.ts'
import { createWaking } from './waking.ts'

const sliceMs = 10

export interface EncodedInput {
  index: number
  bytes: Buffer
}

export interface Pulling {
  /** There may be room in the window again. */
  resume(): void
  /** Pulls no more and lets the iterable clean up. Resolves when it has, at once where it is busy making an input. */
  stop(): Promise<void>
}

export interface PullingParts<I> {
  source: InputSource<I>
  window: Window
  encode: (input: I, index: number) => Buffer
  onInput: (input: EncodedInput) => void
  onEnd: () => void
  /** what the iterable or `encode` threw */
  onFailure: (error: unknown) => void
}

export function startPulling<I>({ source, window, encode, onInput, onEnd, onFailure }: PullingParts<I>): Pulling {
  const room = createWaking()
  let state: 'pulling' | 'stopped' | 'failed' | 'ended' = 'pulling'
  let pulled = 0
  let making = false

  /** Waits only where the iterable is asynchronous: what others make in one go is pulled in one go. */
  async function settled(step: PromiseLike<IteratorResult<I, unknown>>): Promise<IteratorResult<I, unknown>> {
    making = true
    try {
      return await step
    } finally {
      making = false
    }
  }

  function next() {
    const step = source.next()
    return 'then' in step ? settled(step) : step
  }

  function take(input: I) {
    const bytes = encode(input, pulled)
    window.add(pulled, bytes.length)
    onInput({ index: pulled++, bytes })
  }

  async function pull() {
    let sliceEnd = performance.now() + sliceMs
    while (state === 'pulling') {
      if (source.atHand && pulled === source.known) break
      if (!window.hasRoom()) {
        await room.sleep()
        sliceEnd = performance.now() + sliceMs
        continue
      }
      let step: ReturnType<typeof next>
      try {
        step = next()
        if ('then' in step) step = await step
      } catch (error) {
        state = 'failed' // an iterable that threw is not asked to clean up
        throw error
      }
      if (state !== 'pulling') return
      if (step.done) break
      take(step.value)
      if (source.atHand || performance.now() < sliceEnd) continue
      await nextTurn()
      sliceEnd = performance.now() + sliceMs
    }
    if (state !== 'pulling') return
    state = 'ended'
    onEnd()
  }

  pull().catch((error: unknown) => {
    onFailure(error)
  })

  async function close() {
    if (state !== 'pulling') return
    state = 'stopped'
    room.wake()
    const closed = source.close()
    if (!making) return closed
    // An async generator cleans up once the input under way is made, which may be never. The call has its outcome by then.
    closed.catch(() => undefined)
  }

  let closing: Promise<void> | undefined
  return {
    resume: () => room.wake(),
    stop: () => (closing ??= close()),
  }
}
