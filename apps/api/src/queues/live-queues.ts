/** One BullMQ queue per live job, as Bull Board wants them: opened when a job is there, closed when it is over. */
import type { BaseAdapter } from '@bull-board/api/baseAdapter'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { glimpseOf, openQueueView, unfinishedJobs, type Queue, type Redis } from '@burla/queue'

export interface LiveQueues {
  /** as of the last look */
  readonly adapters: BaseAdapter[]
  look(): Promise<void>
  close(): Promise<void>
}

export function createLiveQueues(redis: Redis): LiveQueues {
  const open = new Map<string, { queue: Queue; adapter: BullMQAdapter }>()
  let looking: Promise<void> | undefined

  async function look(): Promise<void> {
    const live = new Set(await unfinishedJobs(redis))
    const over = [...open].filter(([id]) => !live.has(id))
    for (const [id] of over) open.delete(id)
    await Promise.all(over.map(([, { queue }]) => queue.close()))
    const opening = [...live].filter((id) => !open.has(id)).map((id) => openQueueView(redis, id))
    for (const queue of await Promise.all(opening)) open.set(queue.name, { queue, adapter: createAdapter(queue) })
  }

  return {
    get adapters() {
      return Array.from(open.values(), ({ adapter }) => adapter)
    },
    look: () => (looking ??= look().finally(() => (looking = undefined))),
    async close() {
      await looking?.catch(() => undefined)
      await Promise.all(Array.from(open.values(), ({ queue }) => queue.close()))
      open.clear()
    },
  }
}

function createAdapter(queue: Queue): BullMQAdapter {
  const adapter = new BullMQAdapter(queue, { readOnlyMode: true })
  adapter.setFormatter('data', glimpseOf)
  return adapter
}
