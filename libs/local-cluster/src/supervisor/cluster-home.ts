/**
 * Where a cluster lives. One that is embedded has a private folder, and all of it goes with the cluster. One that stays
 * has besides the user's data folder, from which the next start goes on.
 */
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { identifyProcess, type ProcessIdentity, type Reaper, type ReaperOptions } from '@burla/processes'
import { BurlaError } from '@burla/protocol'
import { endOrphanedRedis } from '../redis/orphaned-redis.ts'
import { longestSocketPath, randomRedisPassword, redisSocketPath } from '../redis/start-redis.ts'
import { dataFolderAt, makeDataFolder, type DataFolder } from '../staying/data-folder.ts'
import { announceCluster, discoverCluster, withdrawCluster } from '../staying/discovery.ts'
import { readIdentity } from '../staying/identity.ts'
import { takeOwnership } from '../staying/ownership.ts'
import { choosePort } from './choose-port.ts'
import type { SupervisorConfig } from './messages.ts'

export type ApiListen = { socketPath: string } | { host: string; port: number }

export interface ClusterHome {
  /** private to this start of the cluster, and gone after it */
  folder: string
  /** done by the supervisor's reaper, so that there is one way, however the supervisor ended */
  cleanup: NonNullable<ReaperOptions['cleanup']>
  /** Resolves when everything in it is this cluster's alone. */
  open(owner: { reaper: Reaper; signal: AbortSignal }): Promise<OpenHome>
}

export interface OpenHome {
  token: string
  sharedDir: string
  logFolder: string
  /** of a Redis of ours; `stays`: its data is wanted after the end */
  redis: { folder: string; socketPath: string; password: string; stays: boolean }
  listen: ApiListen
  /** The cluster is up. */
  announce(): void
  /** It is about to end. */
  withdraw(): void
  /** Nothing of it is left. */
  leave(): void
}

export function clusterHome(config: SupervisorConfig): ClusterHome {
  return config.home.type === 'embedded' ? embeddedHome(config.home) : stayingHome(config.home)
}

function embeddedHome({ token, sharedDir }: { token: string; sharedDir: string }): ClusterHome {
  makeSharedDir(sharedDir)
  const folder = makePrivateFolder(sharedDir)
  return {
    folder,
    // The shared folder goes only when it is empty and no other cluster of this machine uses it.
    cleanup: {
      commands: `
${removeFolder}
for link in "\${1%/*}"/burla-*/${sharedLink}; do
  [ "$link" -ef "$2" ] && exit
done
rmdir -- "$2"
`,
      args: [folder, sharedDir],
    },
    open: async () => ({
      token,
      sharedDir,
      logFolder: folder,
      redis: { folder, socketPath: redisSocketPath(folder), password: randomRedisPassword(), stays: false },
      listen: { socketPath: join(folder, 'api.sock') },
      announce: () => undefined,
      withdraw: () => undefined,
      leave: () => undefined,
    }),
  }
}

function stayingHome({ dataFolder, port }: { dataFolder: string; port: number }): ClusterHome {
  const data = dataFolderAt(dataFolder)
  makeDataFolder(data)
  const folder = makePrivateFolder(data.shared)
  return {
    folder,
    // What names this start's folder is this start's. The next start waits for the reaper, so nothing of it is there.
    cleanup: {
      commands: `
grep -qF -- "$1" "$2" && rm -f -- "$2"
[ "$(readlink -- "$3")" = "$1" ] && rm -f -- "$3"
${removeFolder}
`,
      args: [folder, data.discovery, data.run],
    },
    async open({ reaper, signal }) {
      const supervisor = identify(process.pid)
      const leave = await takeOwnership(data.cluster, {
        me: { supervisor, reaper: identify(reaper.pid) },
        isUp: () => discoverCluster(data) !== undefined,
        signal,
      })
      withdrawCluster(data)
      const { token, redisPassword: password } = readIdentity(data)
      const socketPath = redisSocketPath(data.run)
      checkLength(socketPath, data)
      await endOrphanedRedis({ address: { path: socketPath }, password })
      linkTo(data.run, folder)
      const listen = { host: '127.0.0.1', port: await choosePort(port) }
      return {
        token,
        sharedDir: data.shared,
        logFolder: data.log,
        redis: { folder: data.redis, socketPath, password, stays: true },
        listen,
        announce() {
          const url = `http://${listen.host}:${listen.port}`
          announceCluster(data, { url, token, supervisor, program: process.ppid, folder })
        },
        withdraw: () => withdrawCluster(data),
        leave,
      }
    },
  }
}

/** Sockets live in it, and a socket's path is short (see `start-redis.ts`); a long TMPDIR is passed over. */
const longestTmpdir = 70

/** Tells other clusters on this machine which shared folder is in use. */
const sharedLink = 'shared'

function makePrivateFolder(sharedDir: string): string {
  const parent = Buffer.byteLength(tmpdir()) > longestTmpdir ? '/tmp' : tmpdir()
  // mkdtemp makes it 0700.
  const folder = mkdtempSync(join(parent, 'burla-'))
  symlinkSync(sharedDir, join(folder, sharedLink))
  return folder
}

const removeFolder = `rm -rf -- "$1" || { sleep 0.2; rm -rf -- "$1"; }`

function makeSharedDir(sharedDir: string): void {
  try {
    mkdirSync(sharedDir, { recursive: true })
  } catch (cause) {
    throw new BurlaError(
      'CLUSTER_START_FAILED',
      `The shared folder ${sharedDir} cannot be made (${(cause as Error).message}); run the program in a folder that it may write to.`,
      { cause },
    )
  }
}

function identify(pid: number): ProcessIdentity {
  const identity = identifyProcess(pid)
  if (identity === undefined) throw new BurlaError('INTERNAL', `process ${pid} is not there`)
  return identity
}

/** Clients know this path: the same after a restart, it lets those that have waited go on. */
function checkLength(socketPath: string, { path }: DataFolder): void {
  const over = Buffer.byteLength(socketPath) - longestSocketPath
  if (over <= 0) return
  throw new BurlaError(
    'CLUSTER_START_FAILED',
    `The path of the data folder ${path} is ${over} bytes too long for the sockets in it; set XDG_DATA_HOME to a shorter one.`,
  )
}

/** Replaces the link of an earlier start at once. */
function linkTo(link: string, folder: string): void {
  rmSync(`${link}.new`, { force: true })
  symlinkSync(folder, `${link}.new`)
  renameSync(`${link}.new`, link)
}
