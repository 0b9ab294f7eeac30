/** What `burla dashboard` says of a cluster. */
import { homedir } from 'node:os'

export interface ClusterFacts {
  /** by this command, or it was there before */
  started: boolean
  url: string
  /** of the process whose end is its end */
  pid: number
  /** lets a browser in, once */
  browserUrl: string
  tokenFile: string
  sharedDir: string
  logFolder: string
}

export function describeCluster({ started, pid, ...facts }: ClusterFacts): string {
  const first = started
    ? 'Your cluster on this machine is up, and stays until Ctrl-C here.'
    : `Your cluster on this machine is up already (process ${pid}); Ctrl-C where it was started ends it.`
  const lines = [
    ['browser', `${facts.browserUrl} (once, within 15 minutes)`],
    ['programs', 'of yours find it by themselves'],
    ['others', `need BURLA_CLUSTER_URL=${facts.url} and BURLA_TOKEN, which is in ${short(facts.tokenFile)}`],
    ['shared/', `of functions is ${short(facts.sharedDir)}`],
    ['logs', `are in ${short(facts.logFolder)}`],
  ]
  const list = lines.map(([name = '', text = '']) => `  ${name.padEnd(10)}${text}`)
  return `${[first, '', ...list, ''].join('\n')}\n`
}

function short(path: string): string {
  const home = homedir()
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path
}
