/** Typed wrappers of the Lua scripts: what decides in Redis, atomically. Each script's file says what it promises. */
import { readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'
import { jobKeys, type Claim, type JobId, type JobState } from '@burla/protocol'

const scripts = {
  append: 9,
  begin: 2,
  'take-place': 2,
  inspect: 4,
  retry: 11,
  'give-back': 7,
  lose: 8,
  claim: 4,
  renew: 2,
  release: 3,
  cancel: 2,
  announce: 2,
  take: 2,
  'even-when-full': 1,
} as const

type ScriptName = keyof typeof scripts
type Caller = (...args: (string | number | Buffer)[]) => Promise<unknown>

const texts = new Map<ScriptName, string>()
const known = new WeakSet<Redis>()

function call(redis: Redis, name: ScriptName, keys: string[], args: (string | number | Buffer)[]): Promise<unknown> {
  if (!known.has(redis)) {
    for (const [script, numberOfKeys] of Object.entries(scripts) as [ScriptName, number][]) {
      redis.defineCommand(commandOf(script), { numberOfKeys, lua: textOf(script) })
    }
    known.add(redis)
  }
  const command = (redis as unknown as Record<string, Caller>)[commandOf(name)]
  if (!command) throw new Error(`no script ${name}`)
  return command.call(redis, ...keys, ...args)
}

function commandOf(name: ScriptName): string {
  return `burla-${name}`
}

function textOf(name: ScriptName): string {
  const text = texts.get(name) ?? readFileSync(new URL(`./scripts/${name}.lua`, import.meta.url), 'utf8')
  texts.set(name, text)
  return text
}

export type StateReply = JobState | 'gone'

/** A result, or with an empty `index` lines, on its way to the stream. */
export interface Appended {
  index: number | ''
  status: 'ok' | 'error' | ''
  header: string
  payload: Buffer
}

export async function append(
  redis: Redis,
  jobId: JobId,
  batch: { runnerId: string; number: number; entries: Appended[] },
): Promise<{ state: StateReply; untakenBytes: number }> {
  const k = jobKeys(jobId)
  const reply = await call(
    redis,
    'append',
    [k.record, k.results, k.done, k.counts, k.running, k.batches, k.attempts, k.losses, k.inputs],
    [
      batch.runnerId,
      batch.number,
      Date.now(),
      ...batch.entries.flatMap((e) => [String(e.index), e.status, e.header, e.payload]),
    ],
  )
  const [state, untakenBytes] = reply as [StateReply, number]
  return { state, untakenBytes }
}

export async function begin(redis: Redis, jobId: JobId, runnerId: string, indexes: number[]): Promise<StateReply> {
  const k = jobKeys(jobId)
  return (await call(redis, 'begin', [k.record, k.running], [runnerId, Date.now(), ...indexes])) as StateReply
}

export async function takePlace(redis: Redis, jobId: JobId, place: string, maxParallelism: number): Promise<boolean> {
  const k = jobKeys(jobId)
  return (await call(redis, 'take-place', [k.places, k.record], [place, maxParallelism])) === 1
}

export async function leavePlace(redis: Redis, jobId: JobId, place: string): Promise<void> {
  await redis.hdel(jobKeys(jobId).places, place)
}

/** What is known of an input that was handed out before. */
export interface Inspection {
  hasResult: boolean
  losses: number
  attempts: number
  runsElsewhere: boolean
}

export async function inspect(redis: Redis, jobId: JobId, runnerId: string, index: number): Promise<Inspection> {
  const k = jobKeys(jobId)
  const reply = await call(redis, 'inspect', [k.done, k.running, k.losses, k.attempts], [runnerId, index])
  const [done, losses, attempts, elsewhere] = reply as [number, number, number, number]
  return { hasResult: done === 1, losses, attempts, runsElsewhere: elsewhere === 1 }
}

/** An input as BullMQ handed it to a runner. */
export interface Pulled {
  bullId: string
  token: string
  index: number
}

export async function retry(
  redis: Redis,
  jobId: JobId,
  { runnerId, pulled, attempts, delayMs }: { runnerId: string; pulled: Pulled; attempts: number; delayMs: number },
): Promise<boolean> {
  const k = jobKeys(jobId)
  const q = k.queue
  const old = q.job(pulled.bullId)
  const nextId = `i${pulled.index}r${attempts}`
  const reply = await call(
    redis,
    'retry',
    [
      q.active,
      q.wait,
      q.delayed,
      q.marker,
      q.stalled,
      k.attempts,
      k.running,
      old,
      `${old}:lock`,
      q.job(nextId),
      k.record,
    ],
    [pulled.token, pulled.bullId, nextId, pulled.index, delayMs, Date.now(), runnerId, attempts],
  )
  return reply === 1
}

/** `lost`: they were running and their slot was lost; else they were never started. */
export async function giveBack(
  redis: Redis,
  jobId: JobId,
  { runnerId, inputs, lost }: { runnerId: string; inputs: Pulled[]; lost: boolean },
): Promise<number> {
  if (inputs.length === 0) return 0
  const k = jobKeys(jobId)
  const q = k.queue
  const reply = await call(
    redis,
    'give-back',
    [q.active, q.wait, q.marker, q.stalled, k.running, k.losses, k.record],
    [q.jobs, runnerId, lost ? '1' : '0', ...inputs.flatMap((i) => [i.bullId, i.token, i.index])],
  )
  return reply as number
}

/** Declares a runner lost: all that it had pulled goes back. */
export async function loseRunner(redis: Redis, jobId: JobId, runnerId: string): Promise<number> {
  const k = jobKeys(jobId)
  const q = k.queue
  const keys = [q.active, q.wait, q.marker, q.stalled, k.running, k.losses, k.places, k.record]
  return (await call(redis, 'lose', keys, [q.jobs, runnerId])) as number
}

/** The claim's key outlives a silence of its node long enough for others to read when it was renewed last. */
const claimExpiryMs = 60_000

export async function claim(redis: Redis, jobId: JobId, claimed: Claim): Promise<boolean> {
  const k = jobKeys(jobId)
  const reply = await call(
    redis,
    'claim',
    [k.record, k.claims, k.counts, k.claim(claimed.nodeId)],
    [claimed.nodeId, JSON.stringify(claimed), Date.now(), claimExpiryMs],
  )
  return reply === 1
}

export async function renewClaim(redis: Redis, jobId: JobId, claimed: Claim): Promise<boolean> {
  const k = jobKeys(jobId)
  const reply = await call(
    redis,
    'renew',
    [k.claims, k.claim(claimed.nodeId)],
    [claimed.nodeId, JSON.stringify(claimed), Date.now(), claimExpiryMs],
  )
  return reply === 1
}

export async function release(redis: Redis, jobId: JobId, nodeId: string, servedMs: number): Promise<StateReply> {
  const k = jobKeys(jobId)
  const args = [nodeId, Math.round(servedMs), Date.now()]
  return (await call(redis, 'release', [k.record, k.claims, k.claim(nodeId)], args)) as StateReply
}

export async function cancel(
  redis: Redis,
  jobId: JobId,
  end: { outcome: 'cancelled' | 'failed'; reason: string },
): Promise<StateReply> {
  const k = jobKeys(jobId)
  return (await call(redis, 'cancel', [k.record, k.claims], [end.outcome, end.reason, Date.now()])) as StateReply
}

export async function announce(
  redis: Redis,
  jobId: JobId,
  inputs: { known: number; ended: boolean },
): Promise<StateReply> {
  const k = jobKeys(jobId)
  const args = [inputs.known, inputs.ended ? '1' : '0', Date.now()]
  return (await call(redis, 'announce', [k.record, k.counts], args)) as StateReply
}

export async function take(redis: Redis, jobId: JobId, firstKept: string, bytes: number): Promise<void> {
  const k = jobKeys(jobId)
  await call(redis, 'take', [k.results, k.counts], [firstKept, bytes])
}

/** One small command that must also work when Redis is full. */
export function evenWhenFull(redis: Redis, command: string, key: string, ...args: (string | number)[]) {
  return call(redis, 'even-when-full', [key], [command, ...args])
}
