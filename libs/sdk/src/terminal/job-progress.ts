/**
 * How a job tells of its progress: a line that is redrawn on a terminal, plain lines now and then where `progress` was
 * asked for and there is no terminal, else nothing. A short job draws nothing: a flicker helps nobody.
 */
import type { JobStatus } from '@burla/protocol'
import type { Display } from './display.ts'
import { progressLine, summaryLine, type ProgressView } from './progress.ts'
import { createRate } from './rate.ts'

export interface JobProgress {
  /** One more result was taken. */
  count(status: 'ok' | 'error'): void
  show(inputs: KnownInputs, status: JobStatus | undefined): void
  /** `left`: whoever waited has gone, and the job goes on */
  end(outcome: 'completed' | 'failed' | 'cancelled' | 'left', inputs: KnownInputs): void
}

export interface KnownInputs {
  readonly known: number
  readonly ended: boolean
}

export interface JobProgressParts {
  jobId: string
  name: string
  /** undefined: only on a terminal */
  progress: boolean | undefined
  display: Display
}

const plainLineEveryMs = 5_000

export function createJobProgress({ jobId, name, progress, display }: JobProgressParts): JobProgress {
  const way = progress === false ? 'none' : display.isTerminal ? 'drawn' : progress ? 'lines' : 'none'
  const startedAt = performance.now()
  const rate = createRate()
  let done = 0
  let failed = 0
  let plainLineAt = startedAt

  function view({ known, ended }: KnownInputs, status: JobStatus | undefined): ProgressView {
    const now = performance.now()
    if (done > 0) rate.note(done, now) // from the first result on: how long the start took says nothing
    return {
      name,
      done,
      failed,
      known,
      ended,
      running: status?.inputs.running ?? 0,
      nodes: status?.nodes ?? 0,
      rate: rate.perSecond(now),
      elapsedMs: now - startedAt,
      reason: status ? status.reason : 'waiting for the cluster',
    }
  }

  return {
    count(status) {
      done++
      if (status === 'error') failed++
    },
    show(inputs, status) {
      const line = progressLine(view(inputs, status))
      if (way === 'drawn') display.setProgress(jobId, line)
      if (way !== 'lines' || performance.now() - plainLineAt < plainLineEveryMs) return
      plainLineAt = performance.now()
      display.print('stderr', `${line}\n`)
    },
    end(outcome, inputs) {
      if (way === 'drawn') display.setProgress(jobId, undefined)
      if (way !== 'none' && progress) display.print('stderr', `${summaryLine(view(inputs, undefined), outcome)}\n`)
    },
  }
}
