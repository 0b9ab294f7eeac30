/**
 * Ctrl-C while jobs run: the first one cancels them and ends the program with 130 within two seconds, a second one ends
 * it at once. The handler is there only while jobs run. A program that handles SIGINT itself decides on its own end:
 * then the jobs are cancelled, and their promises say so.
 */
import { closeEmbedded } from './clusters/embedded.ts'
import { programDisplay } from './terminal/display.ts'

export interface Interruptible {
  /** Cancels. `quietly`: the program is about to end, and its code is not told. Resolves when the cluster knows. */
  interrupt(quietly: boolean): Promise<void>
}

const exitCode = 130
const patienceMs = 2_000

const running = new Set<Interruptible>()
let interrupted = false

/** Until the reply is called. */
export function cancelOnInterrupt(job: Interruptible): () => void {
  if (running.size === 0 && !interrupted) process.on('SIGINT', onInterrupt)
  running.add(job)
  return () => {
    running.delete(job)
    if (running.size === 0 && !interrupted) process.off('SIGINT', onInterrupt)
  }
}

/** `burla.close()`: every job that still runs is cancelled. */
export async function cancelAll(): Promise<void> {
  await Promise.all(Array.from(running, (job) => job.interrupt(false)))
}

function onInterrupt(): void {
  if (process.listenerCount('SIGINT') > 1) {
    void cancelAll()
    return
  }
  if (interrupted) process.exit(exitCode)
  interrupted = true
  programDisplay().print('stderr', 'burla: cancelling (Ctrl-C again ends at once)\n')
  setTimeout(() => process.exit(exitCode), patienceMs)
  void cancelQuietly().finally(() => process.exit(exitCode))
}

async function cancelQuietly(): Promise<void> {
  await Promise.all(Array.from(running, (job) => job.interrupt(true)))
  await closeEmbedded()
}
