/** What `burla dashboard` says of a cluster. */
import { homedir } from 'node:os'

export interface ClusterFacts {
  url: string
  pid: number
  tokenFile: string
  sharedDir: string
  logFolder: string
}

export function describeCluster(facts: ClusterFacts): string {
  return `Your cluster on this machine is up, and stays until Ctrl-C here.

${list(facts)}
`
}

export function describeFound(facts: ClusterFacts): string {
  return `Your cluster on this machine is up already (process ${facts.pid}); Ctrl-C where it was started ends it.

${list(facts)}
`
}

function list({ url, tokenFile, sharedDir, logFolder }: ClusterFacts): string {
  const lines = [
    ['address', url],
    ['programs', 'find it by themselves when they run as you; others need BURLA_CLUSTER_URL and BURLA_TOKEN'],
    ['token', `in ${short(tokenFile)}`],
    ['shared/', `is ${short(sharedDir)}`],
    ['logs', `in ${short(logFolder)}`],
  ]
  return lines.map(([name = '', text = '']) => `  ${name.padEnd(9)}${text}`).join('\n')
}

function short(path: string): string {
  const home = homedir()
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path
}
