/**
 * The slot's side of setup and calls.
 *
 *   warm -> set up -> calling <-> idle
 *
 * One call at a time: the runner sends the next frame only when this one is answered.
 *
 * While a call runs the channel does not keep the process alive. So when nothing is left that could settle the
 * function's promise, Node says `beforeExit` and the call is answered instead of waiting for ever (P7).
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { existsSync, mkdirSync, readlinkSync, symlinkSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { restoreFunction } from '@burla/closure'
import {
  callId,
  decodeValue,
  encodeFailure,
  encodeValue,
  ExitError,
  setInside,
  summarizeFailure,
  type MountedLayer,
} from '@burla/protocol'
import { frameTypes, writeFrame, type FrameType } from './frames.ts'
import { CallInside } from './inside-call.ts'
import { encodeErrorHead, encodeValueHead, type CallHead, type SlotSettings } from './messages.ts'

type UserFunction = (input: unknown, index: number) => unknown

interface RunningCall {
  index: number
  calledAt: number
  inside: CallInside
}

export class SlotCalls {
  readonly #channel: Socket
  /** Which call a piece of asynchronous code came from, for errors that nothing caught. */
  readonly #origin = new AsyncLocalStorage<RunningCall>()
  /** Made by the first call: what modules of the function print and throw while they load is that call's. */
  #function: Promise<UserFunction> | undefined
  #functionBytes: Buffer | undefined
  #layer: MountedLayer | null = null
  #setupFailure: unknown
  #folder = ''
  #settings: SlotSettings | undefined
  #running: RunningCall | undefined

  constructor(channel: Socket) {
    this.#channel = channel
  }

  setup({ settings, functionBytes }: { settings: SlotSettings; functionBytes: Buffer }): void {
    try {
      enterFolder(settings)
      this.#folder = process.cwd()
      Object.assign(process.env, settings.env, {
        BURLA_JOB_ID: settings.jobId,
        BURLA_NODE_ID: settings.nodeId,
        BURLA_SHARED_DIR: settings.sharedDir,
      })
      setInside({ jobId: settings.jobId, access: settings.access, call: () => this.#callOfCode()?.inside })
      this.#settings = settings
      this.#functionBytes = functionBytes
      this.#layer = settings.layer ?? null
    } catch (thrown) {
      this.#setupFailure = thrown
    }
    writeFrame(this.#channel, frameTypes.setUp)
  }

  async call({ index, run, sayWhenBegun, input }: CallHead & { input: Buffer }): Promise<void> {
    const running: RunningCall = { index, calledAt: performance.now(), inside: this.#insideOf(index, run) }
    this.#running = running
    process.env['BURLA_INPUT_INDEX'] = String(index)
    try {
      if (!this.#functionBytes) throw this.#setupFailure
      if (process.cwd() !== this.#folder) process.chdir(this.#folder)
      const value = decodeValue(input, { origin: { what: `inputs[${index}]`, from: 'program' } })
      if (sayWhenBegun) writeFrame(this.#channel, frameTypes.begun)
      this.#channel.unref()
      const { bytes, origin, layer } = { bytes: this.#functionBytes, origin: this.#origin, layer: this.#layer }
      this.#function ??= origin.run(running, () => restoreFunction(bytes, { named: namedByBurla, layer, standIns }))
      const userFunction = await this.#function
      running.calledAt = performance.now()
      const result = await origin.run(running, () => userFunction(value, index))
      this.#answerValue(running, result)
    } catch (thrown) {
      this.#answerError(running, thrown, false)
    }
  }

  /** The call that waited for a job has a place again. */
  goOn(): void {
    if (!this.#running) return
    this.#channel.unref()
    this.#running.inside.goOn()
  }

  /**
   * An error that nothing caught. Node alone would end the process: the call has failed and the process is spent.
   * One that an earlier call left behind is not this call's doing (P4); its own result is out, so it is only shown.
   */
  fault(thrown: unknown, event: 'uncaughtException' | 'unhandledRejection'): void {
    // The function's own listener decides, as it does where it was written.
    if (process.listenerCount(event) > 1) return
    const call = this.#callOfCode()
    if (call) this.#answerError(call, thrown, true)
    else console.error('after the end of its call:', thrown)
  }

  /** Nothing is left to wait for, while a call still waits. Node alone would end with exit code 13. */
  nothingLeft(): void {
    if (!this.#running) return
    const { index } = this.#running
    const error = new ExitError(
      'INPUT_EXITED',
      `Input ${index}: the function waits for a promise that nothing is left to settle. ` +
        'Look for a promise whose resolve is never called.',
      { inputIndex: index },
    )
    error.exitCode = 13
    this.#answerError(this.#running, error, true)
  }

  /** An exit that an earlier call left behind is not the doing of one that has not begun (P4). */
  exits(): void {
    if (!this.#running) writeFrame(this.#channel, frameTypes.unbegun)
  }

  #answerValue(call: RunningCall, result: unknown): void {
    const durationMs = performance.now() - call.calledAt
    const payload = encodeValue(result, `Input ${call.index}: result`, 'RESULT_NOT_PORTABLE')
    if (this.#end(call)) writeFrame(this.#channel, frameTypes.value, encodeValueHead(durationMs), payload)
  }

  #answerError(call: RunningCall, thrown: unknown, spent: boolean): void {
    const durationMs = performance.now() - call.calledAt
    if (this.#end(call)) {
      writeFrame(
        this.#channel,
        frameTypes.error,
        encodeErrorHead({ durationMs, spent, failure: summarizeFailure(thrown) }),
        encodeFailure(thrown, { stack: withoutOurFrames }),
      )
    }
  }

  /** The call that the code which runs now belongs to, if that still runs; what has lost its origin is taken for its code. */
  #callOfCode(): RunningCall | undefined {
    const origin = this.#origin.getStore() ?? this.#running
    return origin === this.#running ? origin : undefined
  }

  #insideOf(index: number, run: number): CallInside {
    const { jobId = '', runnerId = '' } = this.#settings ?? {}
    const say = (type: FrameType) => writeFrame(this.#channel, type)
    return new CallInside(
      { jobId, input: index, call: callId(runnerId, run) },
      {
        sayWaits: () => say(frameTypes.waits),
        sayGoesOn: () => {
          // Perhaps nothing but the answer keeps the process alive now.
          this.#channel.ref()
          say(frameTypes.goesOn)
        },
      },
    )
  }

  /** True for the first answer to a call, and only for that. */
  #end(call: RunningCall): boolean {
    if (this.#running !== call) return false
    this.#running = undefined
    call.inside.end()
    this.#channel.ref()
    return true
  }
}

/** In a container there is no `burla` but the one beside this file. */
const ownBurla = new URL('./burla.js', import.meta.url)
const standIns = existsSync(ownBurla) ? { burla: ownBurla.href } : {}

/** Loaded by functions that refer to it only: it is the whole of `burla`. */
async function namedByBurla(): Promise<ReadonlyMap<string, unknown>> {
  return (await import('burla/inside')).publishedByName
}

/** The stack as it was where the function was written: what is below its first frame is ours and Node's. */
function withoutOurFrames(stack: string): string {
  const lines = stack.split('\n')
  const ours = lines.findIndex((line) => line.includes(import.meta.url))
  return ours > 0 ? lines.slice(0, ours).join('\n') : stack
}

function enterFolder({ folder, sharedDir }: SlotSettings): void {
  mkdirSync(folder, { recursive: true })
  process.chdir(folder)
  const link = join(folder, 'shared')
  try {
    symlinkSync(sharedDir, link, 'dir')
  } catch (error) {
    // A slot that was here before has made it.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || readlinkSync(link) !== sharedDir) throw error
  }
}
