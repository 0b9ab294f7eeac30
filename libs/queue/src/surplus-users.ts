/**
 * Users of jobs that are over. A Redis that is killed before its users are saved knows them again when it is back.
 *
 * A job that is just being made has its user before its record, so it is looked twice: a surplus user is one at either time.
 */
import type { Redis } from 'ioredis'
import type { JobId } from '@burla/protocol'
import { jobUser } from './job-user.ts'
import { listKeptJobs } from './past-jobs.ts'

/** Those of rehearsals are left alone: their nodes look after them. */
export async function findSurplusUsers(redis: Redis, liveJobs: JobId[]): Promise<string[]> {
  const users = (await redis.call('ACL', 'USERS')) as string[]
  const ofJobs = users.filter((user) => user.startsWith(jobUser('')) && !user.startsWith(jobUser('rehearsal-')))
  if (ofJobs.length === 0) return []
  const kept = await listKeptJobs(redis)
  const known = new Set([...liveJobs, ...kept.map(({ id }) => id)].map(jobUser))
  return ofJobs.filter((user) => !known.has(user))
}

/** `suspects`: what was found a while ago. Returns those that are removed now. */
export async function removeSurplusUsers(redis: Redis, liveJobs: JobId[], suspects: string[]): Promise<string[]> {
  const still = new Set(await findSurplusUsers(redis, liveJobs))
  const surplus = suspects.filter((user) => still.has(user))
  if (surplus.length > 0) await redis.call('ACL', 'DELUSER', ...surplus)
  return surplus
}
