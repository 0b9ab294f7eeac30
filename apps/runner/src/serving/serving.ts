/**
 * A runner serves one job, from the claim of its node to the end:
 *
 *   serving -> draining -> over        its node gives the job back: running calls end first
 *      |          |
 *      +----------+------> over        the job is finished or cancelled, the claim lapsed, or the agent is gone
 *
 *  S1  When serving is over nothing runs: the slots are dead before `served` resolves.
 *  S2  Inputs in hand that were not started go back to the head of the queue when draining begins.
 *  S3  While the client does not take results (its window is full) nothing new is started.
 */
import {
  connectRedis,
  pause,
  readFunction,
  untilStored,
  viewJob,
  type JobWork,
  type Redis,
  type StateReply,
} from '@burla/queue'
import { createInputSource } from '@burla/queue/source'
import { BurlaError, checkCodec, isFinished, windowBytes, type JobCredentials, type Line } from '@burla/protocol'
import type { SlotPool } from '../slots/index.ts'
import { createBeginMarks } from './begin-marks.ts'
import { watchClaim } from './claim-watch.ts'
import { endServing, type ServeEnd } from './ending.ts'
import { createHolding, heldPatienceMs } from './holding.ts'
import { runList, storeFailed, type RunContext } from './list-run.ts'
import { heapOf } from './memory.ts'
import { createOutbox } from './outbox.ts'
import { createPlaces } from './places.ts'
import { createSlotTurns } from './slot-turns.ts'

export interface ServeOptions extends JobWork {
  credentials: JobCredentials
  nodeId: string
  slots: number
  /** parent of the slots' working folders */
  folder: string
  sharedDir: string
}

export interface Load {
  /** lists whose inputs run */
  running: number
  /** lists in hand that wait for a slot or a place */
  held: number
  /** the client does not take results: nothing is started */
  blocked: boolean
}

export interface Serving {
  readonly runnerId: string
  /** Resolves when nothing runs any more. */
  readonly served: Promise<ServeEnd>
  load(): Load
  drain(): void
  /** Kills the slots. Running inputs go back, counted as lost, unless the job is over anyway. */
  stop(why: 'cancelled' | 'stopped'): void
}

interface ServeLinks {
  pool: SlotPool
  onTrouble: (error: Error) => void
  /** lines go here once serving has begun */
  forwardLines: (to: (lines: Line[]) => void) => void
}

const lookEveryMs = 25
/** Slots that print wait while this much waits for Redis. */
const outputPauseBytes = 16 * 1024 * 1024

/** @throws BurlaError when the job cannot be served by anybody */
export async function startServing(options: ServeOptions, links: ServeLinks): Promise<Serving> {
  const { credentials, nodeId, call, codec } = options
  const { pool, onTrouble } = links
  const { jobId, redis: address, username, password } = credentials
  checkCodec(codec, { what: `job ${jobId}`, from: 'program' })
  const startedAt = Date.now()
  const connections: Redis[] = []
  const connect = (name: string): Redis => {
    const connection = connectRedis({ address, username, password, name: `burla-${name}-${jobId}` })
    connections.push(connection)
    return connection
  }
  const redis = connect('runner')
  pool.resize(options.slots)
  const slots = Array.from({ length: options.slots }, () => {
    const slot = pool.take()
    if (!slot) throw new BurlaError('INTERNAL', 'the pool has fewer slots than asked for')
    return slot
  })

  const over = new AbortController()
  const draining = new AbortController()
  const turns = createSlotTurns(options.slots)
  const holding = createHolding()
  // Connecting to the queue and reading the function take as long as each other: both begin at once.
  let open: (context: RunContext) => void = () => undefined
  const opened = new Promise<RunContext>((resolve) => (open = resolve))
  const source = createInputSource({
    redis,
    jobId,
    onTrouble,
    onList: async (list) => {
      const end = runList(await opened, list)
      source.setConcurrency(inHand())
      return end
    },
    onFailed: (data, error) => void opened.then((context) => storeFailed(context, data, error)),
  })
  const { runnerId } = source
  const outbox = createOutbox({ redis, jobId, runnerId, nodeId, signal: over.signal, onStored, onTrouble })
  const places = createPlaces({
    redis,
    listener: () => connect('places'),
    jobId,
    nodeId,
    runnerId,
    maxParallelism: call.maxParallelism,
    draining: draining.signal,
    over: over.signal,
  })
  const context: RunContext = {
    redis,
    jobId,
    runnerId,
    nodeId,
    call,
    slots,
    turns,
    places,
    outbox,
    holding,
    noteBegin: createBeginMarks({ redis, jobId, runnerId, onTrouble, over: over.signal }),
    running: new Set(),
    over: over.signal,
    draining: draining.signal,
  }
  links.forwardLines((lines) => outbox.lines(lines))

  const inHand = () =>
    call.maxParallelism === null ? holding.wanted(options.slots) : Math.min(options.slots, call.maxParallelism)
  let blocked = false
  let finish: (end: ServeEnd) => void = () => undefined
  const ended = new Promise<ServeEnd>((resolve) => (finish = resolve))

  function onStored(state: StateReply): void {
    if (state === 'gone' || isFinished(state)) finish('finished')
    else if (state === 'cancelling') finish('cancelled')
  }

  source.setConcurrency(inHand())
  source.start()
  try {
    const functionBytes = await readShipped(redis, options)
    const { folder, sharedDir } = options
    pool.setup({ functionBytes, jobId, nodeId, env: call.env, folder, sharedDir, ...heapOf(call) })
  } catch (error) {
    over.abort()
    await source.close()
    for (const connection of connections) connection.disconnect()
    throw error
  }
  open(context)
  const tending = tend()
  void watchClaim({ redis, jobId, nodeId, signal: over.signal }).then((end) => end && finish(end))

  /** Looks after what nobody tells: inputs held behind a slow call, a client that does not read, slots that print a lot. */
  async function tend(): Promise<void> {
    let outputPaused = false
    const { running } = context
    while (!over.signal.aborted) {
      await pause(lookEveryMs, over.signal)
      if (turns.stuckMs > heldPatienceMs) {
        holding.stuck()
        source.setConcurrency(inHand())
        turns.turnAway()
      }
      for (const list of running) {
        if (list.behind === 0 || performance.now() - list.since < heldPatienceMs) continue
        holding.stuck()
        source.setConcurrency(inHand())
        list.splitOff().catch(onTrouble)
      }
      if (outputPaused !== outbox.pendingBytes > outputPauseBytes) {
        outputPaused = !outputPaused
        if (outputPaused) pool.pauseOutput()
        else pool.resumeOutput()
      }
      if (!blocked && outbox.untakenBytes > windowBytes) await untilTaken()
    }
  }

  /** S3 */
  async function untilTaken(): Promise<void> {
    blocked = true
    source.pause()
    turns.turnAway()
    while (!over.signal.aborted && !draining.signal.aborted) {
      const counts = await viewJob(redis, jobId).catch(() => undefined)
      if (counts && counts.counts.storedBytes - counts.counts.takenBytes < windowBytes / 2) break
      await pause(lookEveryMs, over.signal)
    }
    blocked = false
    if (!draining.signal.aborted) source.resume()
  }

  const served = ended.then(async (end) => {
    await endServing({ end, pool, redis, source, over, tending, jobId, nodeId, runnerId, startedAt })
    for (const connection of connections) connection.disconnect()
    return end
  })

  return {
    runnerId,
    served,
    load() {
      const running = context.running.size
      return { running, held: turns.running - running + turns.held, blocked }
    },
    drain() {
      if (draining.signal.aborted) return
      draining.abort()
      source.pause()
      turns.close()
      void turns
        .idle()
        .then(() => outbox.drained())
        .then(() => finish('drained'))
    },
    stop: (why) => finish(why),
  }
}

async function readShipped(redis: Redis, { functionDigest, credentials }: ServeOptions): Promise<Buffer> {
  const bytes = await untilStored(() => readFunction(redis, functionDigest))
  if (bytes) return bytes
  throw new BurlaError(
    'FUNCTION_UNKNOWN',
    `the function of job ${credentials.jobId} (${functionDigest}) is no longer in Redis; run the job again`,
  )
}
