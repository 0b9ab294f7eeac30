/**
 * How programs of this user find the cluster that stays on this machine: a file that is there while it is up. After a
 * kill -9 of the whole machine's worth of processes the file may be left; then the process that it names is gone, which
 * is seen at once. That process is looked for before the token is sent anywhere: another user's program may listen on
 * the port by now.
 */
import { readFileSync, rmSync } from 'node:fs'
import { hostname } from 'node:os'
import { isRunning, type ProcessIdentity } from '@burla/processes'
import { dataFolder, type DataFolder } from './data-folder.ts'
import { writeWhole } from './identity.ts'

export interface FoundCluster {
  url: string
  token: string
  supervisor: ProcessIdentity
  /** pid of the process that started it: its end is the end of the cluster */
  program: number
  /** the machine: a home folder may be shared by several */
  host: string
  /** the private folder of this start */
  folder: string
}

/** Looks at two files: under a millisecond. */
export function discoverCluster(folder: DataFolder = dataFolder()): FoundCluster | undefined {
  let found: FoundCluster
  try {
    found = JSON.parse(readFileSync(folder.discovery, 'utf8')) as FoundCluster
  } catch {
    // No cluster has said where it is.
    return undefined
  }
  return found.host === hostname() && isRunning(found.supervisor) ? found : undefined
}

export function announceCluster(folder: DataFolder, cluster: Omit<FoundCluster, 'host'>): void {
  writeWhole(folder.discovery, `${JSON.stringify({ ...cluster, host: hostname() }, null, 2)}\n`)
}

export function withdrawCluster(folder: DataFolder): void {
  rmSync(folder.discovery, { force: true })
}
