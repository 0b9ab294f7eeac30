#!/usr/bin/env node
/** The `burla` command. Exit codes are the contract of design section 2. */
import { Command, CommanderError } from 'commander'
import { BurlaError } from '@burla/protocol'
import { exitCodeOf } from './exit-codes.ts'
import { setup } from './setup.ts'
import manifest from '../../package.json' with { type: 'json' }

const program = new Command('burla')
  .description('Runs an ordinary function on lots of computers, as if it ran here')
  .version(manifest.version)
  .exitOverride()

program
  .command('setup')
  .description('finds a Redis server on this machine, or installs one')
  .action(() => setup())

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof BurlaError) process.stderr.write(`burla: ${error.message}\n`)
  else if (!(error instanceof CommanderError)) throw error
  process.exitCode = exitCodeOf(error)
}
