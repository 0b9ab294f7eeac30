/**
 * The folder of this user's data, in which a cluster that stays keeps what it needs after a restart:
 *
 *   ~/.local/share/burla/       or below XDG_DATA_HOME; for this user only (0700)
 *     cluster.json              how programs find the cluster; there while it is up (see `discovery.ts`)
 *     cluster/
 *       format                  which Burla can read the rest
 *       token                   what the api asks for
 *       redis-password          of Redis's default user; the passwords of jobs are derived from it
 *       owner.<n>               whose the folder is now (see `ownership.ts`)
 *       redis/                  the append-only file, the users, Redis's log
 *       log/                    of the api and the agents
 *       shared/                 what functions see as `shared/`
 *       run -> /tmp/burla-...   sockets and folders of the nodes: what goes with each start of the cluster
 */
import { chmodSync, mkdirSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { BurlaError } from '@burla/protocol'

export interface DataFolder {
  path: string
  discovery: string
  cluster: string
  format: string
  token: string
  redisPassword: string
  redis: string
  log: string
  shared: string
  run: string
}

/** Its name; nothing is made. A relative XDG_DATA_HOME counts for nothing, as its specification says. */
export function dataFolder(env: NodeJS.ProcessEnv = process.env): DataFolder {
  const given = env['XDG_DATA_HOME'] ?? ''
  const home = env['HOME'] || homedir()
  return dataFolderAt(join(isAbsolute(given) ? given : join(home, '.local/share'), 'burla'))
}

export function dataFolderAt(path: string): DataFolder {
  const cluster = join(path, 'cluster')
  const inCluster = (name: string): string => join(cluster, name)
  return {
    path,
    discovery: join(path, 'cluster.json'),
    cluster,
    format: inCluster('format'),
    token: inCluster('token'),
    redisPassword: inCluster('redis-password'),
    redis: inCluster('redis'),
    log: inCluster('log'),
    shared: inCluster('shared'),
    run: inCluster('run'),
  }
}

/** Makes what is missing of it, for this user only. */
export function makeDataFolder(folder: DataFolder): void {
  try {
    for (const path of [folder.path, folder.cluster, folder.redis, folder.log, folder.shared]) {
      mkdirSync(path, { recursive: true, mode: 0o700 })
      const { uid, mode } = statSync(path)
      if (uid !== process.getuid?.()) throw new Error('it belongs to another user')
      if ((mode & 0o077) !== 0) chmodSync(path, 0o700)
    }
  } catch (cause) {
    throw new BurlaError(
      'CLUSTER_START_FAILED',
      `The data folder ${folder.path} cannot be used (${(cause as Error).message}); set XDG_DATA_HOME to a folder that you may write to.`,
      { cause },
    )
  }
}
