/**
 * The seam between an agent and what its runners run in: processes of this machine, or containers.
 *
 *  H1  A started runner is warm and holds no credentials; it serves one tree and is never used again.
 *  H2  It ends with its agent, however the agent ends: its stdin closes.
 *  H3  `exited` resolves when nothing of it is left.
 */
import type { JobCredentials, LayerPlatform } from '@burla/protocol'
import type { Layers } from '../layers/layers.ts'

export interface RunnerHost {
  /** runners may have an image of their own */
  readonly containers: boolean
  /** parent of the slots' working folders, and the folder that all nodes see, as runners see them */
  readonly folder: string
  readonly sharedDir: string
  /** absent: runners see the packages of the caller where those are */
  readonly layers?: Layers
  /**
   * Resolves when the runner is warm; rejects with the reason when it ended before that. An image that cannot be had or
   * has no Node that fits is a BurlaError with the code `IMAGE_REFUSED`.
   */
  start(options: RunnerOptions): Promise<HostedRunner>
  /** What it made for its runners goes; they have ended before. */
  close(): Promise<void>
}

export interface RunnerOptions {
  /** container image; null: the one of the host */
  image: string | null
  /** slots to keep warm */
  slots: number
  /** a job to practise on */
  rehearsal: JobCredentials | null
  /** gives up a runner that is not warm yet */
  signal: AbortSignal
  /** a line of its log */
  onLine: (line: string) => void
}

/** One runner. It ends with its agent, however the agent ends. */
export interface HostedRunner {
  /** the image that it was started in; null: the one of the host */
  readonly image: string | null
  /** what its packages must be made for; absent of hosts without layers */
  readonly platform?: LayerPlatform
  /** false once it has ended, by itself or by somebody's hand */
  readonly alive: boolean
  /** Resolves when it and all that it started are gone. */
  readonly exited: Promise<RunnerExit>
  /** Before it serves: it gets this much of the node and no more. Without effect where nothing can be bounded. */
  confine(share: Share): Promise<void>
  send(message: unknown): void
  /** Sets the one listener of what the runner says, from now on. */
  onMessage(listener: (message: Record<string, unknown>) => void): void
  /** Asks it to end, and kills it after `graceMs`. */
  stop(graceMs: number): Promise<RunnerExit>
  kill(): Promise<RunnerExit>
}

/** Of a node, for all slots of a runner together. */
export interface Share {
  cpus: number
  /** `Infinity`: all that the node has */
  memoryGiB: number
}

export interface RunnerExit {
  code: number | null
  signal: string | null
  lastLines: string[]
}
