/** How a call ended, and how the end of a process becomes the error of the input that ran in it. Pure. */
import { BurlaError, ExitError, OutOfMemoryError, TimeoutError, type FailureSummary } from '@burla/protocol'
import type { ProcessEnd } from './slot-process.ts'

export type Outcome =
  | { type: 'value'; payload: Buffer; durationMs: number }
  /** a throw, an exit, a timeout, out of memory: an attempt. The payload is an encoded failure */
  | { type: 'error'; payload: Buffer; failure: FailureSummary; durationMs: number }
  /** V8's heap was full, or the kernel killed it: an attempt only when there is no room left to give it */
  | { type: 'outOfMemory'; cause: MemoryCause; payload: Buffer; failure: FailureSummary; durationMs: number }
  /** killed, by us or from outside: not the input's doing, and no attempt */
  | { type: 'lost'; durationMs: number }

export type MemoryCause = 'heap' | 'kernel'

export interface DeadCall {
  index: number
  end: ProcessEnd
  /** killed because `timeoutMs` was over */
  timedOutAfterMs: number | null
  /** killed by `kill()` */
  killed: boolean
  /** killed by the kernel, for want of memory */
  outOfMemory: boolean
  /** nothing ran beside it */
  alone: boolean
  heapMiB: number | undefined
  /** the last bytes on stderr: V8 says there why it gave up */
  lastWords: string
}

/** The error of a call whose process died under it; `lost` when that was not its own doing. */
export function errorOfDeadCall(call: DeadCall): BurlaError | 'lost' {
  const error = judge(call)
  // Our own frames say nothing about the function.
  if (error !== 'lost') error.stack = `${error.name}: ${error.message}`
  return error
}

/** Whether memory was what it died of. */
export function memoryCauseOf({ end, timedOutAfterMs, killed, ...call }: DeadCall): MemoryCause | undefined {
  if (timedOutAfterMs !== null || killed || end.fault) return undefined
  if (end.signal === 'SIGKILL') return call.outOfMemory ? 'kernel' : undefined
  return ranOutOfHeap(end, call.lastWords) ? 'heap' : undefined
}

function judge(call: DeadCall): BurlaError | 'lost' {
  const { index, end, timedOutAfterMs } = call
  if (timedOutAfterMs !== null) {
    return new TimeoutError(
      'INPUT_TIMEOUT',
      `Input ${index}: the call took longer than timeoutMs (${timedOutAfterMs} ms) and was killed. ` +
        'Raise timeoutMs or split the input.',
      { inputIndex: index },
    )
  }
  if (call.killed) return 'lost'
  if (end.fault) {
    return new BurlaError('INPUT_EXITED', `Input ${index}: the call broke its slot: ${end.fault.message}.`, {
      inputIndex: index,
      cause: end.fault,
    })
  }
  const cause = memoryCauseOf(call)
  if (cause !== undefined) return outOfMemory(cause, call)
  return end.signal === 'SIGKILL' ? 'lost' : exited(index, end)
}

function exited(index: number, { exitCode, signal }: ProcessEnd): ExitError {
  const how =
    signal === null
      ? `ended its process with exit code ${exitCode}. A function ends by returning; process.exit() ends the input too.`
      : `crashed its process with ${signal}. Look at the last lines on stderr, and at native modules.`
  const error = new ExitError('INPUT_EXITED', `Input ${index}: the call ${how}`, { inputIndex: index })
  if (signal !== null) error.signal = signal
  else if (exitCode !== null) error.exitCode = exitCode
  return error
}

function outOfMemory(cause: MemoryCause, { index, heapMiB, alone }: DeadCall): OutOfMemoryError {
  const limit = heapMiB === undefined ? '' : ` of ${heapMiB} MiB`
  const how = {
    heap: `its JavaScript heap reached the limit${limit}`,
    kernel: 'the memory of its node was used up, and the kernel killed it',
  }[cause]
  return new OutOfMemoryError(
    'INPUT_OUT_OF_MEMORY',
    `Input ${index}: the call ran out of memory: ${how}${alone ? ', although nothing else ran there' : ''}. ` +
      'Make the input smaller, or give the call more memory (option memoryGiB).',
    { inputIndex: index },
  )
}

/** V8 prints its reason and aborts; shells and wrappers turn the signal into 128 + its number. */
function ranOutOfHeap({ exitCode, signal }: ProcessEnd, lastWords: string): boolean {
  const aborted = signal === 'SIGABRT' || signal === 'SIGTRAP' || signal === 'SIGILL' || (exitCode ?? 0) > 128
  return aborted && /FATAL ERROR: .*(heap|process) out of memory/.test(lastWords)
}

/** Not the function's doing: Node itself, or the machine, refused. */
export function couldNotStart(slot: number, end: ProcessEnd, lastWords: string): BurlaError {
  const how = end.fault?.message ?? `it ended with ${end.signal ?? `exit code ${end.exitCode}`}`
  const last = lastWords.trim().split('\n').slice(-5).join('\n')
  return new BurlaError('INTERNAL', `Slot ${slot} could not start its process: ${how}. ${last}`.trim(), {
    cause: end.fault,
  })
}
