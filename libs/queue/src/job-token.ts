/**
 * What a function shows to the api (P9): a token of its job. It is derived as the job's Redis password is, so nobody
 * stores it: whoever has the cluster's key makes it and knows it again.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { isJobId, type JobId } from '@burla/protocol'

/** `job.<id>.<proof>` */
export function jobToken(clusterKey: string, jobId: JobId): string {
  return `job.${jobId}.${proofOf(clusterKey, jobId)}`
}

/** The job whose token this is; `undefined` when it is none of this cluster. */
export function jobOfToken(clusterKey: string, token: string): JobId | undefined {
  const [kind, jobId = '', proof = ''] = token.split('.')
  if (kind !== 'job' || !isJobId(jobId)) return undefined
  const [given, expected] = [Buffer.from(proof), Buffer.from(proofOf(clusterKey, jobId))]
  return given.length === expected.length && timingSafeEqual(given, expected) ? jobId : undefined
}

function proofOf(clusterKey: string, jobId: JobId): string {
  return createHmac('sha256', clusterKey).update(`api:${jobId}`).digest('base64url')
}
