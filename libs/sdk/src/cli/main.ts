#!/usr/bin/env node
/** The `burla` command. Exit codes are the contract of design section 2. */
import { CommanderError } from 'commander'
import { BurlaError } from '@burla/protocol'
import { exitCodeOf } from './exit-codes.ts'
import { endOnInterrupt } from './interrupted.ts'
import { createProgram } from './program.ts'

// Who reads has what they wanted: `burla jobs list | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

endOnInterrupt()
try {
  await createProgram().parseAsync()
} catch (error) {
  if (error instanceof BurlaError) process.stderr.write(`burla: ${error.message}\n`)
  else if (!(error instanceof CommanderError)) throw error
  process.exitCode = exitCodeOf(error)
}
