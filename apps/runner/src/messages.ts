/** What passes between a runner and its agent. */
import type { JobCredentials, JobId } from '@burla/protocol'
import type { ServeEnd } from './serving/ending.ts'
import type { Load, ServeOptions } from './serving/serving.ts'

export interface RunnerConfig {
  /** slots to keep warm */
  slots: number
  /** a job to practise on */
  rehearsal: JobCredentials | null
  /** alone in a container */
  contained?: boolean
}

export type ToRunner =
  /** `cpus`: of the node, for all that it serves */
  ({ type: 'serve'; jobId: JobId; cpus: number } & ServeOptions) | { type: 'drain' | 'cancel'; jobId: JobId }

export type FromRunner =
  /** a slot's process leads a group of its own: whoever ends the runner ends that too */
  | { type: 'slotStarted' | 'slotEnded'; pid: number }
  | { type: 'serving'; jobId: JobId; runnerId: string }
  | { type: 'load'; freeCpus: number; jobs: Record<JobId, Load> }
  | { type: 'served'; jobId: JobId; end: ServeEnd }
  /** the job cannot be served by anybody: its function is gone */
  | { type: 'unservable'; jobId: JobId; reason: string }
