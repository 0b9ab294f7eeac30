/** What a program asks a cluster: about one job, about all, about the nodes. Asking never starts a cluster. */
import {
  jobStates,
  mostListedJobs,
  type ClusterStatus,
  type JobState,
  type JobStatus,
  type NodeStatus,
} from '@burla/protocol'
import { openExistingCluster, whichCluster } from './clusters/which-cluster.ts'
import type { Cluster } from './clusters/cluster.ts'
import { anyOf, anyText, checkOptions, wholeNumber, type Rules } from './options/index.ts'
import { requireJobId, SubmittedJob } from './submitted/submitted-job.ts'

export interface ClusterOption {
  /**
   * The address of the cluster.
   * @default the environment variable BURLA_CLUSTER_URL, else the cluster of `burla dashboard`, else the embedded one that
   * this program has started
   */
  cluster?: string | undefined
}

export interface JobsOptions extends ClusterOption {
  /**
   * The newest so many. A whole number from 1 to 10,000.
   * @default 1000
   */
  limit?: number | undefined
  /** Only jobs in this state: `waiting`, `running`, `cancelling`, `completed`, `failed` or `cancelled`. */
  state?: JobState | undefined
}

const clusterRules: Rules<ClusterOption> = { cluster: anyText(2_000) }
const jobsRules: Rules<JobsOptions> = {
  ...clusterRules,
  limit: wholeNumber(1, mostListedJobs),
  state: anyOf(jobStates),
}
const defaultLimit = 1_000

/**
 * A job that was made before, by this program or another one: to collect what `burla.submit` was given, to see how a job
 * is, to cancel it. Asks nobody yet: whether there is such a job, its methods find out (`JOB_UNKNOWN`).
 *
 * @param id of the job, as `job.id` of `burla.submit`, `jobId` of `burla.map`, or `burla.jobs()` tell it
 * @throws BurlaError `JOB_UNKNOWN`, at once, for what can be no id
 * @example
 * const results = await burla.job<number>('squares-8f3kq2mz9w').results()
 */
export function job<R = unknown>(id: string, options?: ClusterOption): SubmittedJob<R> {
  const { cluster } = checkOptions(options, clusterRules, 'burla.job')
  return new SubmittedJob<R>(requireJobId(id), whichCluster(cluster, process.env))
}

/**
 * The jobs of the cluster, the newest first: those that are not over, and finished ones for as long as their record is
 * kept, which is 24 hours (of submitted ones: from when their results have gone). Empty where there is no cluster.
 *
 * @throws BurlaError `CLUSTER_UNREACHABLE`, `UNAUTHORIZED`, `OPTION_INVALID`
 * @example
 * for (const { id, state, reason } of await burla.jobs({ limit: 10 })) console.log(id, state, reason ?? '')
 */
export async function jobs(options?: JobsOptions): Promise<JobStatus[]> {
  const { cluster, limit = defaultLimit, state } = checkOptions(options, jobsRules, 'burla.jobs')
  return (await existingCluster(cluster))?.listJobs({ limit, state }) ?? []
}

/**
 * The nodes of the cluster. Empty where there is no cluster.
 *
 * @throws BurlaError `CLUSTER_UNREACHABLE`, `UNAUTHORIZED`, `OPTION_INVALID`
 * @example
 * for (const { id, state, cpus, running } of await burla.nodes()) console.log(id, state, `${running}/${cpus}`)
 */
export async function nodes(options?: ClusterOption): Promise<NodeStatus[]> {
  const { cluster } = checkOptions(options, clusterRules, 'burla.nodes')
  return (await existingCluster(cluster))?.listNodes() ?? []
}

export interface ClusterAnswer extends ClusterStatus {
  /** `none`: no cluster is there; the next `burla.map` starts an embedded one */
  state: 'up' | 'none'
  /** where it is; `null` without one */
  address: string | null
}

/**
 * Where the cluster is, and how many nodes and unfinished jobs it has, by state.
 *
 * @throws BurlaError `CLUSTER_UNREACHABLE` when there should be one and it does not answer, `UNAUTHORIZED`, `OPTION_INVALID`
 * @example
 * const { state, nodes } = await burla.cluster.status() // 'up', { idle: 2 }
 */
async function status(options?: ClusterOption): Promise<ClusterAnswer> {
  const { cluster } = checkOptions(options, clusterRules, 'burla.cluster.status')
  const found = await existingCluster(cluster)
  if (!found) return { state: 'none', address: null, nodes: {}, cpus: 0, jobs: {} }
  return { state: 'up', address: found.address, ...(await found.readStatus()) }
}

export const cluster = { status } as const

function existingCluster(option: string | undefined): Promise<Cluster | undefined> {
  return openExistingCluster(whichCluster(option, process.env))
}
