/**
 * The Redis user of one job (P9): its own keys and channels, the one function of its record and its place in
 * its tree (both read only), nothing else.
 * Passwords are derived from the cluster's key and the job's id, so the api and the agents know them without storing
 * them, and the api can create a lost user anew.
 * The rule set was tried with BullMQ 6.7 on Redis 7.0: everything that Queue and Worker need, and no command that looks
 * beyond the job's own keys.
 */
import { createHash, createHmac } from 'node:crypto'
import { clusterKeys, jobKeys, type JobCredentials, type JobId, type RedisAddress } from '@burla/protocol'

const notAllowed =
  'keys scan select swapdb pubsub randomkey dbsize script function fcall fcall_ro wait failover sort migrate latency memory cluster readonly asking lolwut'

export function jobUser(jobId: JobId): string {
  return `job-${jobId}`
}

export function jobCredentials(clusterKey: string, jobId: JobId, redis: RedisAddress): JobCredentials {
  return { jobId, redis, username: jobUser(jobId), password: jobPassword(clusterKey, jobId) }
}

/** Arguments of ACL SETUSER. The password goes as its hash, so that it cannot show up in a log of commands. */
export function jobUserRules(clusterKey: string, jobId: JobId, functionDigest: string): string[] {
  const { prefix } = jobKeys(jobId)
  return [
    jobUser(jobId),
    'reset',
    'on',
    `#${createHash('sha256').update(jobPassword(clusterKey, jobId)).digest('hex')}`,
    `~${prefix}:*`,
    `%R~${clusterKeys.function(functionDigest)}`,
    `%R~${clusterKeys.place(jobId)}`,
    'resetchannels',
    `&${prefix}:*`,
    '+@all',
    '-@admin',
    '-@dangerous',
    '+info',
    '+client|setname',
    '+client|info',
    '+client|id',
    ...notAllowed.split(' ').map((command) => `-${command}`),
  ]
}

function jobPassword(clusterKey: string, jobId: JobId): string {
  return createHmac('sha256', clusterKey).update(`redis:${jobId}`).digest('base64url')
}
