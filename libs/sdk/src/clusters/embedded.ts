/**
 * The program's own cluster: started by its first job, shared by all later ones, ended by `burla.close()` and with the
 * program. While no job runs it does not keep the program alive: a program that has nothing left to do takes its
 * cluster down and ends. A program that dies in any other way takes it along: the supervisor's pipe closes.
 */
import type { LocalCluster, LocalClusterOptions } from '@burla/local-cluster'
import { createApiClient } from './api-client.ts'
import { createCluster, type Cluster } from './cluster.ts'

interface Embedded {
  local: LocalCluster
  cluster: Cluster
}

let options: LocalClusterOptions = {}
let current: Promise<Embedded> | undefined

/** For tests and benches: how the next embedded cluster is made. */
export function configureEmbedded(changed: LocalClusterOptions): void {
  options = changed
}

export async function embeddedCluster(): Promise<Cluster> {
  return (await startedCluster()).cluster
}

/** The one of this program, where it has one. */
export async function runningEmbedded(): Promise<Cluster | undefined> {
  return (await current)?.cluster
}

/** For tests and benches: the processes and the folder of the embedded cluster, started if need be. */
export async function inspectEmbedded(): Promise<LocalCluster> {
  return (await startedCluster()).local
}

export async function closeEmbedded(): Promise<void> {
  const closing = current
  current = undefined
  // One that could not be started has told its jobs why.
  const embedded = await closing?.catch(() => undefined)
  await embedded?.local.stop()
}

function startedCluster(): Promise<Embedded> {
  if (current) return current
  const starting = start()
  current = starting
  const forget = () => {
    if (current === starting) current = undefined
  }
  starting.then(({ local }) => local.ended.then(forget), forget)
  process.off('beforeExit', endWithProgram)
  process.once('beforeExit', endWithProgram)
  return starting
}

/** Imported when needed: programs that use another cluster do not load what starts one. */
async function start(): Promise<Embedded> {
  const { startLocalCluster } = await import('@burla/local-cluster')
  const local = await startLocalCluster(options)
  return { local, cluster: createCluster(createApiClient(local.api, local.token), local.ended) }
}

function endWithProgram(): void {
  closeEmbedded().catch((error: unknown) => {
    process.stderr.write(`burla: the embedded cluster did not end cleanly: ${String(error)}\n`)
  })
}
