/** The cluster as the calls of a job see it (P9): with the token of their job, they reach the jobs that they start. */
import { BurlaError, type Inside } from '@burla/protocol'
import { createApiClient } from './api-client.ts'
import { createCluster, type Cluster } from './cluster.ts'

let opened: Cluster | undefined

/** A slot serves one job, so a process is inside of one. */
export function insideCluster({ access }: Inside): Cluster {
  return (opened ??= createCluster(createApiClient(access.api, access.token)))
}

/** What a function was given of its program's settings does not count: its jobs are on its own cluster. */
export function refuseOtherCluster(option: string | undefined): void {
  if (option === undefined) return
  throw new BurlaError(
    'NOT_SUPPORTED',
    'the option "cluster" cannot be used inside a function: the jobs of its calls run on the cluster that it runs on',
  )
}
