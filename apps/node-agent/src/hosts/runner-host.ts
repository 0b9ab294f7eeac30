/** The seam between an agent and what its runners run in: processes of this machine, or (a later issue) containers. */
import type { JobCredentials } from '@burla/protocol'

export interface RunnerHost {
  /** Resolves when the runner is warm; rejects with the reason when it ended before that. */
  start(options: RunnerOptions): Promise<HostedRunner>
}

export interface RunnerOptions {
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
  /** false once it has ended, by itself or by somebody's hand */
  readonly alive: boolean
  /** Resolves when it and all that it started are gone. */
  readonly exited: Promise<RunnerExit>
  send(message: unknown): void
  /** Sets the one listener of what the runner says, from now on. */
  onMessage(listener: (message: Record<string, unknown>) => void): void
  /** Asks it to end, and kills it after `graceMs`. */
  stop(graceMs: number): Promise<RunnerExit>
  kill(): Promise<RunnerExit>
}

export interface RunnerExit {
  code: number | null
  signal: string | null
  lastLines: string[]
}
