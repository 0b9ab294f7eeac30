/** The BullMQ queues of jobs, for those who look at them and change nothing: Bull Board. */
import type { Redis } from 'ioredis'
import type { Queue } from 'bullmq'
import { clusterKeys, counted, isFinished, jobKeys, type JobId, type JobState } from '@burla/protocol'
import type { InputData } from './input-data.ts'

export type { Queue }

/** The connection is shared and stays the caller's, as the queue is, who closes it. */
export async function openQueueView(redis: Redis, jobId: JobId): Promise<Queue> {
  const { Queue } = await import('./bullmq-queue.ts')
  const queue = new Queue(jobId, { connection: redis, prefix: jobKeys(jobId).prefix, skipMetasUpdate: true })
  // Whoever asks the queue something hears of it there.
  queue.on('error', () => undefined)
  return queue
}

/** The jobs that are not over. */
export async function unfinishedJobs(redis: Redis): Promise<JobId[]> {
  const ids = await redis.smembers(clusterKeys.liveJobs)
  const pipeline = redis.pipeline()
  for (const id of ids) pipeline.hget(jobKeys(id).record, 'state')
  const states = ((await pipeline.exec()) ?? []).map(([, state]) => state as JobState | null)
  return ids.filter((_, place) => {
    const state = states[place]
    return state && !isFinished(state)
  })
}

const glimpsedInputs = 20
const glimpsedCharacters = 200

/** What a list of inputs in a queue is, in a few words for each index, however large they are. */
export function glimpseOf(data: InputData): Record<string, string> {
  const glimpses = data.i.slice(0, glimpsedInputs).map((index, place) => [index, describe(data.v[place] ?? 0)])
  const more = data.i.length - glimpses.length
  return { ...Object.fromEntries(glimpses), ...(more > 0 && { more: counted(more, 'input') }) }
}

/** A size stands for an input that travels beside the queue. */
function describe(value: string | number): string {
  if (typeof value === 'number') return counted(value, 'byte')
  const readable = value.slice(0, glimpsedCharacters).replaceAll(/\p{Cc}/gu, '')
  return `${counted(value.length, 'byte')}: ${readable}${value.length > glimpsedCharacters ? '…' : ''}`
}
