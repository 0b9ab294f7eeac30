/**
 * One child process of a slot, from its fork to its death.
 *
 * Invariants: it leads a process group of its own, so that killing it kills what it started; the reaper watches that
 * group from the fork until the group has been killed; `onEnd` is called once, after the process is really gone and
 * everything that it wrote has been read.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cleanEnvironment, killGroup, type Reaper } from '@burla/processes'
import { BurlaError, codecVersion, randomText } from '@burla/protocol'
import { FrameReader, frameTypes, writeFrame } from './frames.ts'
import { encodeCallHead, encodeSettings, type CallHead, type SlotSettings } from './messages.ts'
import type { OutputValve } from './slot-output.ts'
import { killStrays, slotIdVariable } from './strays.ts'

export interface SlotProcessOptions {
  reaper: Pick<Reaper, 'watch' | 'forget'>
  valve: OutputValve
  /** more environment variables for all slots */
  env: Record<string, string>
  /** V8's heap limit; undefined: Node's own */
  heapMiB: number | undefined
  onFrame: (type: number, body: Buffer) => void
  onOutput: (stream: 'stdout' | 'stderr', chunk: Buffer) => void
  onEnd: (end: ProcessEnd) => void
}

export interface ProcessEnd {
  exitCode: number | null
  signal: NodeJS.Signals | null
  /** why the process could not be started, or was killed for writing nonsense on its channel */
  fault: Error | undefined
}

export class SlotProcess {
  /** Started, modules loaded. */
  isReady = false
  /** Was told its function and has tried to restore it. */
  isSetUp = false
  /** Exited while no call ran in it. */
  exitedIdle = false
  /** Resolves at `isReady`, and when the process ends without. */
  readonly ready: Promise<void>
  /** Resolves at `isSetUp`, and when the process ends without. */
  readonly setUp: Promise<void>
  /** Resolves after `onEnd`. */
  readonly ended: Promise<void>
  readonly #options: SlotProcessOptions
  readonly #id = randomText(10)
  readonly #child: ChildProcess
  readonly #channel: Socket
  #sayReady: () => void = () => undefined
  #saySetUp: () => void = () => undefined
  #sayEnded: () => void = () => undefined
  #fault: Error | undefined

  constructor(options: SlotProcessOptions) {
    this.#options = options
    this.ready = new Promise((resolve) => (this.#sayReady = resolve))
    this.setUp = new Promise((resolve) => (this.#saySetUp = resolve))
    this.ended = new Promise((resolve) => (this.#sayEnded = resolve))
    this.#child = spawn(process.execPath, [...heapFlags(options.heapMiB), entry()], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: cleanEnvironment({ ...compileCache(), ...options.env, [slotIdVariable]: this.#id }),
    })
    this.#channel = this.#child.stdio[3] as Socket
    if (this.#child.pid !== undefined) options.reaper.watch(this.#child.pid)
    this.#child.once('error', (error) => {
      this.#fault = error
      if (this.#child.pid === undefined) void this.#end(null, null)
    })
    this.#child.once('exit', (exitCode, signal) => void this.#end(exitCode, signal))
    this.#listen()
  }

  /** V8's heap limit; undefined: Node's own */
  get heapMiB(): number | undefined {
    return this.#options.heapMiB
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  setup(settings: SlotSettings, functionBytes: Buffer): void {
    writeFrame(this.#channel, frameTypes.setup, encodeSettings(settings), functionBytes)
  }

  call(head: CallHead, input: Buffer): void {
    writeFrame(this.#channel, frameTypes.call, encodeCallHead(head), input)
  }

  goOn(): void {
    writeFrame(this.#channel, frameTypes.goOn)
  }

  kill(): void {
    if (this.#child.pid !== undefined) killGroup(this.#child.pid)
  }

  #listen(): void {
    const { valve, onOutput } = this.#options
    for (const name of ['stdout', 'stderr'] as const) {
      const stream = this.#child[name] as Readable
      stream.on('data', (chunk: Buffer) => onOutput(name, chunk))
      valve.add(stream)
    }
    const frames = new FrameReader((type, body) => this.#onFrame(type, body))
    this.#channel.on('data', (chunk: Buffer) => {
      try {
        frames.push(chunk)
      } catch (error) {
        this.#fault ??= error as Error
        this.kill()
      }
    })
    // Writing to a slot that has just died fails; its exit is what we act on. One that lives without a channel is killed.
    this.#channel.on('error', () => undefined)
    this.#channel.on('end', () => this.kill())
  }

  #onFrame(type: number, body: Buffer): void {
    if (type === frameTypes.ready) {
      if (body[0] !== codecVersion) return this.#endForeign(body[0])
      this.isReady = true
      this.#sayReady()
    } else if (type === frameTypes.setUp) {
      this.isSetUp = true
      this.#saySetUp()
    } else if (type === frameTypes.unbegun) {
      this.exitedIdle = true
    } else this.#options.onFrame(type, body)
  }

  /** Its program on the disk is not of the version of its runner, which has been running for a while. */
  #endForeign(codec: number | undefined): void {
    this.#fault ??= new BurlaError(
      'CODEC_UNKNOWN',
      `it speaks codec ${codec ?? 'unknown'} and its runner codec ${codecVersion}: burla was replaced while it ran. Start ` +
        'the program again, or the node',
    )
    this.kill()
  }

  /** The process is gone. What it started goes too; what both wrote is read; then the end is told. */
  async #end(exitCode: number | null, signal: NodeJS.Signals | null): Promise<void> {
    const { pid } = this.#child
    if (pid !== undefined) {
      killGroup(pid)
      this.#options.reaper.forget(pid)
      await killStrays(this.#id)
      await this.#options.valve.drained()
    }
    // A grandchild that left the group may hold the pipes open.
    for (const stream of this.#child.stdio) stream?.destroy()
    this.#options.onEnd({ exitCode, signal, fault: this.#fault })
    this.#sayReady()
    this.#saySetUp()
    this.#sayEnded()
  }
}

function heapFlags(heapMiB: number | undefined): string[] {
  return heapMiB === undefined ? [] : [`--max-old-space-size=${heapMiB}`]
}

/** Compiled once for all slots: 70 ms of CPU instead of 210 for a start from the workspace's `.ts` files. */
function compileCache(): Record<string, string> {
  const folder = process.env['NODE_COMPILE_CACHE']
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: folder }
}

/** Beside this file: `slot-main.ts` in the workspace, `slot-main.js` in the published bundle. */
function entry(): string {
  return fileURLToPath(new URL(`./slot-main${extname(import.meta.url)}`, import.meta.url))
}
