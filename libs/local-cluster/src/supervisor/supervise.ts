/**
 * The supervisor: the process that owns a cluster on this machine.
 *
 * Invariants
 *  - All that it makes is in one private folder or is a process on its reaper's list; the reaper removes both, also
 *    after kill -9 of the supervisor (P8). What a cluster that stays keeps beside that is listed in `data-folder.ts`.
 *  - Programs find a cluster that stays only while it is up: it is announced when all parts run, and withdrawn first.
 *  - All parts are started at once: one that is up before Redis tries again until Redis answers.
 *  - A part that dies is started again, a few times; then the cluster ends and says why (P7).
 *  - It ends with its stdin (the program), at SIGTERM, and when a part is hopeless: first the agents and the api, which
 *    still talk to Redis, then Redis, then the folder.
 */
import { once } from 'node:events'
import { startReaper, type PartLink } from '@burla/processes'
import { BurlaError } from '@burla/protocol'
import type { LocalClusterPids } from '../start-supervisor.ts'
import { clusterHome, type OpenHome } from './cluster-home.ts'
import { clusterParts, type ClusterParts } from './cluster-parts.ts'
import { keepRunning, type Running } from './keep-running.ts'
import type { SupervisorConfig, SupervisorMessage } from './messages.ts'

const partGraceMs = 2_000

type Say = (message: SupervisorMessage) => void

export async function supervise(config: SupervisorConfig, link: PartLink): Promise<void> {
  let isReady = false
  const say: Say = (message) => {
    isReady ||= message.type === 'ready'
    link.say(message)
  }
  try {
    await runCluster(config, link.signal, say)
  } catch (error) {
    // A part that was given up because the program is gone is no failure.
    if (link.signal.aborted) return
    const { code, message } =
      error instanceof BurlaError ? error : { code: 'INTERNAL' as const, message: String(error) }
    say(isReady ? { type: 'ended', why: message } : { type: 'ready', failed: { code, message } })
    throw error
  }
}

/** Returns or throws when nothing of the cluster is left. */
async function runCluster(config: SupervisorConfig, programGone: AbortSignal, say: Say): Promise<void> {
  const { folder, cleanup, open } = clusterHome(config)
  const reaper = startReaper({ cleanup })
  // Aborted at the cluster's end, whatever the reason: nothing is started any more.
  const ending = new AbortController()
  const end = (): void => ending.abort()
  programGone.addEventListener('abort', end, { once: true })
  if (programGone.aborted) end()
  const { signal } = ending
  const running = new Map<string, Running>()
  let home: OpenHome | undefined
  try {
    home = await open({ reaper, signal })
    const parts = clusterParts(config, { folder, home, reaper, signal })
    await startAll(parts, running)
    home.announce()
    const { listen, token, sharedDir } = home
    say({ type: 'ready', listen, token, sharedDir, redis: parts.redis, folder, pids: pidsOf(parts, running) })
    await Promise.race([signal.aborted || once(signal, 'abort'), keepAll(parts, running, { signal, say })])
  } finally {
    end()
    home?.withdraw()
    await endAll(running)
    await reaper.finish()
    home?.leave()
  }
}

async function startAll({ kept, checkGivenRedis }: ClusterParts, running: Map<string, Running>): Promise<void> {
  const starts = kept.map(async ({ name, start }) => void running.set(name, await start()))
  await Promise.all([...starts, checkGivenRedis()])
}

/** Rejects with the first hopeless part. */
async function keepAll(
  parts: ClusterParts,
  running: Map<string, Running>,
  { signal, say }: { signal: AbortSignal; say: Say },
): Promise<void> {
  const keeping = parts.kept.map((part) =>
    keepRunning(part, running.get(part.name) as Running, {
      signal,
      onRunning(now) {
        running.set(part.name, now)
        say({ type: 'pids', pids: pidsOf(parts, running) })
      },
    }),
  )
  await Promise.all(keeping)
}

async function endAll(running: Map<string, Running>): Promise<void> {
  const redis = running.get('redis')
  const others = [...running.values()].filter((part) => part !== redis)
  await Promise.all(others.map((part) => part.stop(partGraceMs)))
  await redis?.stop(0)
}

function pidsOf({ kept }: ClusterParts, running: Map<string, Running>): LocalClusterPids {
  const pidOf = (name: string): number => running.get(name)?.pid ?? 0
  const agents = kept.filter(({ name }) => name.startsWith('agent-'))
  return {
    supervisor: process.pid,
    ...(running.has('redis') ? { redis: pidOf('redis') } : {}),
    api: pidOf('api'),
    agents: agents.map(({ name }) => pidOf(name)),
  }
}
