/**
 * The runner that serves a job: a warm one of the pool, or, where the job has an image of its own, a new one in that. An
 * image that is refused is the job's fault and ends it; that no runner can be started otherwise is the node's.
 */
import { BurlaError, type CallOptions, type JobId } from '@burla/protocol'
import { cancelJob, type Redis } from '@burla/queue'
import type { HostedRunner, RunnerHost, Share } from './hosts/runner-host.ts'
import { createWarmRunners, type WarmRunnersOptions } from './warm-runners.ts'

export interface JobRunners {
  /** a warm one is ready */
  readonly warm: boolean
  /** why none can be started, as of the last try, in one line */
  readonly fault: string | null
  /** `undefined`: the job's image was refused, and the job has failed. Rejects when the node cannot start any. */
  take(job: { id: JobId; image: string | null }): Promise<HostedRunner | undefined>
  /** An unused one comes back. */
  putBack(runner: HostedRunner): void
  /** The job of the one that was taken last is over. */
  refill(): void
  close(): Promise<void>
}

interface JobRunnersOptions extends WarmRunnersOptions {
  redis: Redis
  host: RunnerHost
}

export function createJobRunners({ redis, ...options }: JobRunnersOptions): JobRunners {
  const { host, slots, signal, onLine, onChange } = options
  const pool = createWarmRunners(options)
  let fault: string | null = null

  async function take({ id, image }: { id: JobId; image: string | null }): Promise<HostedRunner | undefined> {
    try {
      const runner = await (image === null
        ? pool.take()
        : host.start({ image, slots, rehearsal: null, signal, onLine }))
      fault = null
      return runner
    } catch (error) {
      const reason = inOneLine((error as Error).message)
      if (image !== null && error instanceof BurlaError && error.code === 'IMAGE_REFUSED') {
        await cancelJob(redis, id, { outcome: 'failed', reason })
        return undefined
      }
      // Others, and those who wait for a node, learn it from the heartbeat.
      fault = reason
      onChange()
      throw error
    }
  }

  return {
    get warm() {
      return pool.warm
    },
    get fault() {
      return pool.warm ? null : fault
    },
    take,
    putBack(runner) {
      if (runner.image === null) pool.putBack(runner)
      else void runner.stop(0)
    },
    refill: () => pool.refill(),
    close: () => pool.close(),
  }
}

const shares = new WeakMap<HostedRunner, Share>()

/**
 * To what the job's calls ask for together; one that serves several jobs of a tree, to what the largest of them does. A
 * runner that cannot be confined does not serve the job.
 */
export async function confine(
  runner: HostedRunner,
  { slots, call }: { slots: number; call: CallOptions },
  say: (message: string) => void,
): Promise<void> {
  const before = shares.get(runner) ?? { cpus: 0, memoryGiB: 0 }
  const share = {
    cpus: Math.max(before.cpus, slots * call.cpus),
    memoryGiB: Math.max(before.memoryGiB, slots * (call.memoryGiB ?? Infinity)),
  }
  shares.set(runner, share)
  await runner.confine(share).catch(async (error: Error) => {
    say(`a runner cannot be confined to ${share.cpus} CPUs and ${share.memoryGiB} GiB: ${error.message}`)
    await runner.kill()
  })
}

/** And not all of a long log. */
export function inOneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').slice(0, 500)
}
