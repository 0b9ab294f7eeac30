/** One job of the tree that this runner serves, from the agent's order to its last word about it. */
import { BurlaError, type JobId } from '@burla/protocol'
import type { FromRunner } from '../messages.ts'
import type { ServeEnd } from './ending.ts'
import { startServing, type Load, type ServeLinks, type ServeOptions, type Serving } from './serving.ts'

export type Wish = 'drain' | 'cancel' | 'stop'

export interface ServedHere {
  load(): Load
  /** What the agent asks for, perhaps before serving has begun. */
  wish(wish: Wish): void
  /** Resolves when nothing of it is here any more, and the agent was told; with how it ended, where it was served. */
  readonly ended: Promise<ServeEnd | undefined>
}

interface Links extends Omit<ServeLinks, 'onTrouble'> {
  jobId: JobId
  tell: (message: FromRunner) => void
}

const nothing: Load = { running: 0, held: 0, blocked: false, slots: 0 }

export function serveHere(options: ServeOptions, { jobId, tell, ...links }: Links): ServedHere {
  let serving: Serving | undefined
  let wished: Wish | undefined

  function grant(to: Serving, wish: Wish | undefined): void {
    if (wish === 'drain') to.drain()
    if (wish === 'cancel') to.stop('cancelled')
    if (wish === 'stop') to.stop('stopped')
  }

  async function serve(): Promise<ServeEnd | undefined> {
    await using _ = links.pool
    try {
      serving = await startServing(options, {
        ...links,
        onTrouble: (error) => console.error(`runner: job ${jobId}: ${error.message}`),
      })
    } catch (error) {
      if (!(error instanceof BurlaError)) throw error
      tell({ type: 'unservable', jobId, reason: error.message })
      return undefined
    }
    tell({ type: 'serving', jobId, runnerId: serving.runnerId })
    grant(serving, wished)
    const end = await serving.served
    tell({ type: 'served', jobId, end })
    return end
  }

  return {
    load: () => serving?.load() ?? nothing,
    wish(wish) {
      wished = wish
      if (serving) grant(serving, wish)
    },
    ended: serve(),
  }
}
