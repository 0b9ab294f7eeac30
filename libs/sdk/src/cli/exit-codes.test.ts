import { expect, test } from 'vitest'
import { CommanderError } from 'commander'
import { BurlaError, type ErrorCode } from '@burla/protocol'
import { exitCodeOf } from './exit-codes.ts'

test.each<[ErrorCode, number]>([
  ['OPTION_INVALID', 2],
  ['UNAUTHORIZED', 3],
  ['JOB_UNKNOWN', 4],
  ['JOB_CONFLICT', 5],
  ['CLUSTER_UNREACHABLE', 6],
  ['JOB_FAILED', 7],
  ['JOB_CANCELLED', 8],
  ['INTERNAL', 1],
])('%s ends the command with %d', (code, exitCode) => {
  expect(exitCodeOf(new BurlaError(code, 'what happened'))).toBe(exitCode)
})

test('a wrong command line ends with 2, help and version with 0', () => {
  expect(exitCodeOf(new CommanderError(1, 'commander.unknownCommand', ''))).toBe(2)
  expect(exitCodeOf(new CommanderError(0, 'commander.helpDisplayed', ''))).toBe(0)
})
