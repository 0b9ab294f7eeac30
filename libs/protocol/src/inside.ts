/**
 * What a slot tells `burla` about where it is: inside a call of a job, on a node. It stands under a well-known symbol of
 * the process, so that every copy of `burla` that the function reaches (captured, or imported by a package) finds it.
 */
import type { JobId } from './ids.ts'
import type { JobParent } from './job-record.ts'

export type ApiAddress = { socketPath: string } | { url: string }

/** How the calls of a job reach the jobs below it, and nothing else (P9). */
export interface TreeAccess {
  api: ApiAddress
  /** good as long as the job is not over */
  token: string
}

export interface Inside {
  readonly jobId: JobId
  readonly access: TreeAccess
  /** The call whose code this is asked from; `undefined` when that is over, or was none. */
  call(): InsideCall | undefined
}

export interface InsideCall {
  /** a job that is started here is that one's child */
  readonly parent: JobParent
  /** Aborted when the call has ended: so do the jobs that were started in it. */
  readonly over: AbortSignal
  /**
   * Settles as `promise` does, which is one of a job that was started here. While it is pending the call waits: its place
   * is free for others (P3). Settles when the call has a place again, and at once while it waits for another job.
   */
  waitFor<T>(promise: Promise<T>): Promise<T>
}

const key = Symbol.for('burla.inside')

export function setInside(inside: Inside): void {
  Reflect.set(globalThis, key, inside)
}

/** `undefined` in a program. */
export function insideOfCall(): Inside | undefined {
  return Reflect.get(globalThis, key) as Inside | undefined
}
