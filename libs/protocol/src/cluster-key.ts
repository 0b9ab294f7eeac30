import { createHmac } from 'node:crypto'

/**
 * What the passwords of the jobs' Redis users are derived from. Itself derived from the password of Redis's default user,
 * so that all who serve a cluster, and the clusters of all programs on one given Redis, know the same.
 */
export function clusterKeyOf(redisPassword: string): string {
  return createHmac('sha256', redisPassword).update('burla cluster key').digest('hex')
}
