/** The commands of `burla`: what each takes and its help. What it does stands in a file of its own, loaded when it runs. */
import { Command, InvalidArgumentError } from 'commander'
import manifest from '../../package.json' with { type: 'json' }

const defaultPort = 5001

export function createProgram(): Command {
  const program = new Command('burla')
    .description('Runs an ordinary function on lots of computers, as if it ran here')
    .version(manifest.version)
    .exitOverride()

  program
    .command('setup')
    .description('finds a Redis server on this machine, or installs one')
    .action(async () => (await import('./setup.ts')).setup())

  program
    .command('dashboard')
    .description('starts a cluster on this machine that stays until Ctrl-C; all your programs find it')
    .option('--port <number>', `where it listens, on this machine only (default: ${defaultPort})`, parsePort)
    .option('--json', 'says what it is as one JSON document')
    .addHelpText('after', dashboardHelp)
    .action(async (options: { port?: number; json?: true }) => {
      const { dashboard } = await import('./dashboard/dashboard.ts')
      await dashboard({ port: options.port, defaultPort, json: options.json === true })
    })

  return program
}

const dashboardHelp = `
Without it, each program starts a cluster of its own and takes it down again. With it, they share this one, which also
outlives them: what \`burla.submit\` gave it runs on, and its jobs go on after a restart.

Example:
  $ burla dashboard            in one terminal
  $ node my-program.ts         in another one; it finds the cluster by itself
`

function parsePort(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new InvalidArgumentError('A port is a number up to 65535; 0 takes any that is free.')
}
