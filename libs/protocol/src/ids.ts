/**
 * Ids of jobs, nodes and runners. A job's id starts with its name, so that a person can tell queues, keys and
 * containers apart at a glance; its 10 random characters (50 bits) make it unique.
 */
import { randomBytes } from 'node:crypto'

export type JobId = string
export type NodeId = string
export type RunnerId = string

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const jobIdPattern = /^[a-z0-9][a-z0-9-]{0,40}-[0-9a-hjkmnp-tv-z]{10}$/

/**
 * One call of a function: its runner, and how often its input has been started with this. No two calls for one input have
 * the same.
 */
export function callId(runnerId: RunnerId, run: number): string {
  return `${runnerId}:${run}`
}

/** A new id for a job called `name`: `word-count-8f3kq2mz9w`. */
export function newJobId(name: string): JobId {
  return `${slug(name) || 'job'}-${randomText(10)}`
}

export function isJobId(text: string): boolean {
  return jobIdPattern.test(text)
}

/** `length` random characters that read well and need no quoting. */
export function randomText(length: number): string {
  return Array.from(randomBytes(length), (byte) => alphabet[byte & 31]).join('')
}

function slug(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 32)
    .replace(/-+$/, '')
}
