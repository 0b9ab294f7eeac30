/** One line that tells how a job is doing. Pure: numbers in, text out. */
import { counted, duration, grouped } from '@burla/protocol'

export interface ProgressView {
  name: string
  done: number
  failed: number
  known: number
  /** true when no more inputs will come */
  ended: boolean
  running: number
  nodes: number
  /** results per second, lately */
  rate: number
  elapsedMs: number
  /** why nothing runs, where the cluster says so */
  reason: string | null
}

export function progressLine(view: ProgressView): string {
  const total = view.ended ? grouped(view.known) : `${grouped(view.known)}+`
  const parts = [`${view.name}  ${grouped(view.done)}/${total}`]
  if (view.failed > 0) parts.push(`${grouped(view.failed)} failed`)
  if (isWaiting(view)) {
    parts.push(`${view.reason ?? 'waiting for a node'}, since ${duration(view.elapsedMs)} (Ctrl-C cancels)`)
    return parts.join(' · ')
  }
  if (view.nodes > 0) parts.push(`${grouped(view.running)} running on ${counted(view.nodes, 'node')}`)
  if (view.rate > 0) parts.push(`${rateText(view.rate)}/s`)
  const leftMs = timeLeftMs(view)
  if (leftMs !== undefined) parts.push(`${duration(leftMs)} left`)
  return parts.join(' · ')
}

/** The last line of a job, when it has ended. */
export function summaryLine({ name, done, failed, known, elapsedMs }: ProgressView, outcome: string): string {
  const failures = failed > 0 ? `, ${grouped(failed)} failed` : ''
  return `${name}  ${outcome}: ${grouped(done)}/${grouped(known)}${failures} in ${duration(elapsedMs)}`
}

export function timeLeftMs({ done, known, ended, rate }: ProgressView): number | undefined {
  if (!ended || rate <= 0 || done >= known) return undefined
  return ((known - done) / rate) * 1000
}

function isWaiting({ nodes, running, done, known, ended, reason }: ProgressView): boolean {
  return (nodes === 0 || reason !== null) && running === 0 && !(ended && done >= known)
}

function rateText(rate: number): string {
  return rate < 10 ? rate.toFixed(1) : grouped(Math.round(rate))
}
