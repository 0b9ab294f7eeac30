import { expect, test } from 'vitest'
import { errorOfDeadCall, type DeadCall } from './outcome.ts'
import type { ProcessEnd } from './slot-process.ts'

const banner =
  '<--- JS stacktrace --->\n\nFATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n----- Native stack'

function deadCall(end: Partial<ProcessEnd>, more: Partial<DeadCall> = {}): DeadCall {
  return {
    index: 7,
    end: { exitCode: null, signal: null, fault: undefined, ...end },
    timedOutAfterMs: null,
    killed: false,
    outOfMemory: false,
    alone: false,
    heapMiB: undefined,
    lastWords: '',
    ...more,
  }
}

test.each<[string, DeadCall, object]>([
  ['an exit', deadCall({ exitCode: 3 }), { name: 'ExitError', code: 'INPUT_EXITED', exitCode: 3 }],
  ['an exit with code 0', deadCall({ exitCode: 0 }), { name: 'ExitError', exitCode: 0 }],
  ['a crash', deadCall({ signal: 'SIGSEGV' }), { name: 'ExitError', code: 'INPUT_EXITED', signal: 'SIGSEGV' }],
  ['an abort that says nothing', deadCall({ signal: 'SIGABRT' }), { name: 'ExitError', signal: 'SIGABRT' }],
  [
    'heap exhaustion',
    deadCall({ signal: 'SIGABRT' }, { lastWords: banner }),
    { name: 'OutOfMemoryError', code: 'INPUT_OUT_OF_MEMORY' },
  ],
  [
    'heap exhaustion seen by a shell',
    deadCall({ exitCode: 134 }, { lastWords: banner }),
    { name: 'OutOfMemoryError', code: 'INPUT_OUT_OF_MEMORY' },
  ],
  [
    'a kill by the kernel',
    deadCall({ signal: 'SIGKILL' }, { outOfMemory: true }),
    { name: 'OutOfMemoryError', code: 'INPUT_OUT_OF_MEMORY' },
  ],
  ['an exit after printing the same', deadCall({ exitCode: 1 }, { lastWords: banner }), { name: 'ExitError' }],
  [
    'a timeout',
    deadCall({ signal: 'SIGKILL' }, { timedOutAfterMs: 500 }),
    { name: 'TimeoutError', code: 'INPUT_TIMEOUT' },
  ],
])('%s is told with the index', (_, call, expected) => {
  expect(errorOfDeadCall(call)).toMatchObject({ ...expected, inputIndex: 7 })
  expect((errorOfDeadCall(call) as Error).message).toContain('Input 7')
})

test.each<[string, DeadCall]>([
  ['from outside', deadCall({ signal: 'SIGKILL' })],
  ['by us', deadCall({ signal: 'SIGKILL' }, { killed: true })],
  ['by us, having exited at the same moment', deadCall({ exitCode: 1 }, { killed: true })],
])('P2 a call killed %s is lost and no attempt', (_, call) => {
  expect(errorOfDeadCall(call)).toBe('lost')
})

test('the errors name what was exceeded', () => {
  const timeout = errorOfDeadCall(deadCall({ signal: 'SIGKILL' }, { timedOutAfterMs: 500 })) as Error
  expect(timeout.message).toContain('500 ms')
  const memory = errorOfDeadCall(deadCall({ signal: 'SIGABRT' }, { lastWords: banner, heapMiB: 64 })) as Error
  expect(memory.message).toContain('memory')
  expect(memory.message).toContain('64 MiB')
})
