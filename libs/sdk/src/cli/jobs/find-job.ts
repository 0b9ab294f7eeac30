import { BurlaError, type JobStatus } from '@burla/protocol'
import type { Cluster } from '../../clusters/cluster.ts'

/** @throws BurlaError `JOB_UNKNOWN`, in the words of the command line */
export async function findJob(cluster: Cluster, id: string): Promise<JobStatus> {
  try {
    return await cluster.readJob(encodeURIComponent(id))
  } catch (cause) {
    if (!(cause instanceof BurlaError && cause.code === 'JOB_UNKNOWN')) throw cause
    const sentence = `there is no job ${id} on this cluster; \`burla jobs list\` shows those there are`
    throw new BurlaError('JOB_UNKNOWN', sentence, { cause })
  }
}
