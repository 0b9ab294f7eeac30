/** The commands of `burla`: what each takes and its help. What it does stands in a file of its own, loaded when it runs. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { jobStates, type JobState } from '@burla/protocol'
import manifest from '../../package.json' with { type: 'json' }

const defaultPort = 5001

export function createProgram(): Command {
  const program = new Command('burla')
    .description('Runs an ordinary function on lots of computers, as if it ran here')
    .version(manifest.version, '-v, --version', 'prints the version')
    .helpOption('-h, --help', 'prints this')
    .helpCommand(false)
    .exitOverride()
    .configureHelp({ helpWidth: 80 })
    .addHelpText('after', programHelp)

  program
    .command('setup')
    .description('finds a Redis server on this machine, or installs one')
    .option('--json', jsonHelp)
    .addHelpText('after', setupHelp)
    .action(async (options: { json?: true }) => (await import('./setup.ts')).setup(options))

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

  addJobCommands(group(program, 'jobs', 'lists, shows and cancels jobs, and prints what they printed', jobsHelp))
  addClusterCommands(group(program, 'cluster', 'says how the cluster is doing', clusterHelp))
  addNodeCommands(group(program, 'nodes', 'lists the nodes of the cluster', nodesHelp))
  return program
}

function group(program: Command, name: string, description: string, help: string): Command {
  return program.command(name).description(description).helpCommand(false).addHelpText('after', help)
}

function addJobCommands(jobs: Command): void {
  jobs
    .command('list')
    .description('lists jobs, the newest first')
    .addOption(new Option('--state <state>', 'only those in this state').choices(jobStates))
    .option('--limit <number>', 'at most so many', parseLimit, 20)
    .option('--json', jsonHelp)
    .addHelpText('after', listHelp)
    .action(async (options: { state?: JobState; limit: number; json?: true }) => {
      await (await import('./jobs/list-jobs.ts')).listJobs(options)
    })
  jobs
    .command('show')
    .description('shows how a job is doing, and what failed first')
    .argument('<job>', jobHelp)
    .option('--json', jsonHelp)
    .addHelpText('after', showHelp)
    .action(async (id: string, options: { json?: true }) => (await import('./jobs/show-job.ts')).showJob(id, options))
  jobs
    .command('logs')
    .description('prints what the calls of a job printed; the newest 16 MiB of it are kept')
    .argument('<job>', jobHelp)
    .option('--input <index>', 'only what this input printed', parseIndex)
    .option('--follow', 'goes on until the job ends; then a failed job ends it with 7, a cancelled one with 8')
    .option('--json', `${jsonHelp}; with --follow one per line`)
    .addHelpText('after', logsHelp)
    .action(async (id: string, options: { input?: number; follow?: true; json?: true }) => {
      await (await import('./jobs/job-logs.ts')).jobLogs(id, options)
    })
  jobs
    .command('cancel')
    .description('cancels jobs: their calls are killed, inputs that were not run yet never are')
    .argument('<job...>', jobHelp)
    .option('--json', jsonHelp)
    .addHelpText('after', cancelHelp)
    .action(async (ids: string[], options: { json?: true }) => {
      await (await import('./jobs/cancel-jobs.ts')).cancelJobs(ids, options)
    })
}

function addClusterCommands(cluster: Command): void {
  cluster
    .command('status')
    .description('says how many nodes and jobs there are, by state')
    .option('--json', jsonHelp)
    .addHelpText('after', clusterHelp)
    .action(async (options: { json?: true }) => (await import('./cluster-status.ts')).clusterStatus(options))
}

function addNodeCommands(nodes: Command): void {
  nodes
    .command('list')
    .description('lists the nodes of the cluster')
    .option('--json', jsonHelp)
    .addHelpText('after', nodesHelp)
    .action(async (options: { json?: true }) => (await import('./list-nodes.ts')).listNodes(options))
}

const jsonHelp = 'answers with one JSON document'
const jobHelp = 'its id, as `burla jobs list` shows it'

const jobsHelp = `
Example:
  $ burla jobs list --state failed`
const listHelp = `
Examples:
  $ burla jobs list
  $ burla jobs list --state running
  $ burla jobs list --json | jq -r '.jobs[].id'`
const showHelp = `
Example:
  $ burla jobs show word-count-8f3kq2mz9w`
const logsHelp = `
Examples:
  $ burla jobs logs word-count-8f3kq2mz9w --follow
  $ burla jobs logs word-count-8f3kq2mz9w --input 17`
const cancelHelp = `
Examples:
  $ burla jobs cancel word-count-8f3kq2mz9w
  $ burla jobs cancel word-count-8f3kq2mz9w resize-k2m8w0q4xz`
const clusterHelp = `
Example:
  $ burla cluster status`
const nodesHelp = `
Example:
  $ burla nodes list
`

const programHelp = `
Commands ask the cluster of BURLA_CLUSTER_URL (with BURLA_TOKEN), else the one
of \`burla dashboard\`. \`burla <command> --help\` says more of each.

Examples:
  $ burla dashboard            a cluster for all your programs, until Ctrl-C
  $ burla jobs list            what runs, and what ran

Exit codes: 0 ok, 2 usage, 3 login or version, 4 not found, 5 conflict,
6 unreachable, 7 job failed, 8 job cancelled, 130 interrupted, 1 anything else.`
const setupHelp = `
Nothing is changed where a redis-server or valkey-server is on the PATH, or
BURLA_REDIS_URL names one. Else redis-server is installed with apt-get (as root)
or Homebrew, and no service is started.

Example:
  $ burla setup`
const dashboardHelp = `
Without it, each program starts a cluster of its own and takes it down again.
With it, they share this one, which outlives them: what \`burla.submit\` gave it
runs on without them. Its jobs and their results are kept in
~/.local/share/burla (or below XDG_DATA_HOME); they go on when it is started
again.

It listens on this machine only and answers who has its token. Where one of
yours is up already, this says where, with a new link for a browser, and ends
with 0. With jobs that are not finished, Ctrl-C says which, and a second one
ends it.

Example:
  $ burla dashboard            in one terminal
  $ node my-program.ts         in another one; it finds the cluster by itself`

function parseLimit(text: string): number {
  const limit = Number(text)
  if (/^\d+$/.test(text) && limit >= 1 && limit <= 1000) return limit
  throw new InvalidArgumentError('It is a number from 1 to 1000.')
}

function parseIndex(text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  throw new InvalidArgumentError('An index is 0 or more.')
}

function parsePort(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new InvalidArgumentError('A port is a number up to 65535; 0 takes any that is free.')
}
