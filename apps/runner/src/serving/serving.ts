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
 *  S4  Inputs do not wait here for room that other jobs of the tree have: they go back, and are pulled when there is some.
 */
import { connectRedis, readFunction, untilStored, type JobWork, type Redis, type StateReply } from '@burla/queue'
import { createInputSource } from '@burla/queue/source'
import {
  BurlaError,
  checkCodec,
  isFinished,
  type JobCredentials,
  type Line,
  type MountedLayer,
  type TreeAccess,
} from '@burla/protocol'
import type { SlotPool } from '../slots/index.ts'
import { createBeginMarks } from './begin-marks.ts'
import { watchClaim } from './claim-watch.ts'
import { endServing, type ServeEnd } from './ending.ts'
import { createHolding } from './holding.ts'
import { createInHand } from './in-hand.ts'
import { runList, storeFailed, type RunContext } from './list-run.ts'
import { heapOf, type Memory } from './memory.ts'
import { createOutbox } from './outbox.ts'
import { createPlaces } from './places.ts'
import type { Room } from './room.ts'
import { createSeats } from './seats.ts'
import { createSlotTurns } from './slot-turns.ts'
import { startTending } from './tending.ts'

export interface ServeOptions extends Omit<JobWork, 'layer'> {
  credentials: JobCredentials
  access: TreeAccess
  nodeId: string
  /** the most calls of this job at the same time, where they have all the room */
  slots: number
  /** parent of the slots' working folders */
  folder: string
  sharedDir: string
  /** where packages are, when they are not where they were at the caller's */
  layer?: MountedLayer | null
}

export interface Load {
  /** lists whose inputs run */
  running: number
  /** lists in hand that wait for a slot or a place */
  held: number
  /** the client does not take results: nothing is started */
  blocked: boolean
  /** calls that run, or could with the room that there is now */
  slots: number
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

export interface ServeLinks {
  pool: SlotPool
  memory: Pick<Memory, 'sharedMiB' | 'ownHeapMiB'>
  room: Room
  /** no other job has the same room */
  isAlone: () => boolean
  /** a call waits for a job that it has started */
  onWaits: () => void
  onTrouble: (error: Error) => void
  /** lines go here once serving has begun */
  forwardLines: (to: (lines: Line[]) => void) => void
}

/** @throws BurlaError when the job cannot be served by anybody */
export async function startServing(options: ServeOptions, links: ServeLinks): Promise<Serving> {
  const { credentials, nodeId, call, codec } = options
  const { pool, room, onTrouble } = links
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
      inHand.set()
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
    over: over.signal,
  })
  let crowded = new AbortController()
  const seats = createSeats({
    room,
    cpus: call.cpus,
    places,
    mayStart: () => AbortSignal.any([draining.signal, over.signal, crowded.signal]),
    over: over.signal,
    onWaits: links.onWaits,
  })
  const context: RunContext = {
    redis,
    jobId,
    runnerId,
    nodeId,
    call,
    slots,
    memory: { slots: options.slots, memoryGiB: call.memoryGiB, ...links.memory },
    turns,
    seats,
    outbox,
    holding,
    noteBegin: createBeginMarks({ redis, jobId, runnerId, onTrouble, over: over.signal }),
    running: new Set(),
    over: over.signal,
    draining: draining.signal,
  }
  links.forwardLines((lines) => outbox.lines(lines))

  const { running } = context
  const inHand = createInHand({
    ...{ slots: options.slots, call, source, holding, room, seats, running },
    isAlone: links.isAlone,
  })
  let finish: (end: ServeEnd) => void = () => undefined
  const ended = new Promise<ServeEnd>((resolve) => (finish = resolve))

  function onStored(state: StateReply): void {
    if (state === 'gone' || isFinished(state)) finish('finished')
    else if (state === 'cancelling') finish('cancelled')
  }

  inHand.set()
  source.start()
  try {
    const functionBytes = await readShipped(redis, options)
    const { folder, sharedDir, access, layer = null } = options
    const own = { jobId, nodeId, env: call.env, folder, sharedDir, runnerId, access, layer }
    pool.setup({ functionBytes, ...own, ...heapOf(call) })
  } catch (error) {
    over.abort()
    await source.close()
    for (const connection of connections) connection.disconnect()
    throw error
  }
  open(context)
  const tending = startTending({
    ...{ redis, jobId, source, pool, turns, holding, seats, outbox, onTrouble },
    running,
    over: over.signal,
    draining: draining.signal,
    setInHand: inHand.set,
    hasRoom: () => room.fits(call.cpus) > 0,
    sendBack() {
      crowded.abort()
      crowded = new AbortController()
    },
  })
  void watchClaim({ redis, jobId, nodeId, signal: over.signal }).then((end) => end && finish(end))

  const served = ended.then(async (end) => {
    await endServing({ end, pool, redis, source, over, tending: tending.ended, jobId, nodeId, runnerId, startedAt })
    for (const connection of connections) connection.disconnect()
    return end
  })

  return {
    runnerId,
    served,
    load() {
      const held = turns.running - running.size + turns.held
      return { running: running.size, held, blocked: tending.isBlocked(), slots: inHand.possible() }
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
