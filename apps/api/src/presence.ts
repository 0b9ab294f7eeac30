/**
 * What the api knows of clients by their sockets (P10): a process that ends, however it ends, closes its sockets, and its
 * kernel says so.
 *
 *  PR1  A job belongs to the socket on which its client was heard last: when it was made, then with each heartbeat.
 *  PR2  When that socket is closed by the other side (its end, or a reset), the client is gone. It may come back: a proxy
 *       may have closed the socket, or its network has changed.
 *  PR3  A socket that is closed by this side says nothing: keep-alive is over, or the api ends. Neither does silence: a
 *       laptop that sleeps keeps its sockets, and a cable that was cut closes none.
 */
import type { Socket } from 'node:net'
import type { JobId } from '@burla/protocol'

export interface Presence {
  /** The client of these jobs was heard on this socket. */
  heard(socket: Socket, jobIds: JobId[]): void
  /** The job has ended for its client. */
  forget(jobId: JobId): void
  /** From here on it is this side that closes sockets. */
  close(): void
}

/** A socket on which many jobs were made, and none was heard of again, knows of the newest. */
const mostPerSocket = 10_000

export function createPresence(onGone: (jobIds: JobId[]) => void): Presence {
  const socketOf = new Map<JobId, Socket>()
  const jobsOf = new Map<Socket, Set<JobId>>()
  let closed = false

  function jobsOn(socket: Socket): Set<JobId> {
    const known = jobsOf.get(socket)
    if (known) return known
    const jobs = new Set<JobId>()
    jobsOf.set(socket, jobs)
    if (socket.destroyed) queueMicrotask(() => left(socket))
    else socket.once('close', () => left(socket))
    return jobs
  }

  function left(socket: Socket): void {
    const jobs = [...(jobsOf.get(socket) ?? [])]
    for (const jobId of jobs) forget(jobId)
    jobsOf.delete(socket)
    if (jobs.length > 0 && !closed && closedByPeer(socket)) onGone(jobs)
  }

  function forget(jobId: JobId): void {
    const socket = socketOf.get(jobId)
    if (socket) jobsOf.get(socket)?.delete(jobId)
    socketOf.delete(jobId)
  }

  return {
    heard(socket, jobIds) {
      const jobs = jobsOn(socket)
      for (const jobId of jobIds) {
        forget(jobId)
        jobs.add(jobId)
        socketOf.set(jobId, socket)
      }
      for (const jobId of jobs) {
        if (jobs.size <= mostPerSocket) break
        forget(jobId)
      }
    },
    forget,
    close() {
      closed = true
    },
  }
}

/** Node destroys a socket that it closes by itself, so the end of the other side is never read from it. */
function closedByPeer(socket: Socket): boolean {
  const { code } = (socket.errored ?? {}) as NodeJS.ErrnoException
  return socket.readableEnded || code === 'ECONNRESET' || code === 'EPIPE'
}
