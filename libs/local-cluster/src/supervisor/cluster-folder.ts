/** The private folder of a cluster, the shared folder of its functions, and how both end. */
import { mkdirSync, mkdtempSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BurlaError } from '@burla/protocol'

/** Sockets live in it, and a socket's path is short (see `start-redis.ts`); a long TMPDIR is passed over. */
const longestTmpdir = 70

export function makeClusterFolder(sharedDir: string): string {
  makeSharedDir(sharedDir)
  const parent = Buffer.byteLength(tmpdir()) > longestTmpdir ? '/tmp' : tmpdir()
  // mkdtemp makes it 0700.
  const folder = mkdtempSync(join(parent, 'burla-'))
  symlinkSync(sharedDir, join(folder, sharedLink))
  return folder
}

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

/** Tells other clusters on this machine which shared folder is in use. */
const sharedLink = 'shared'

/**
 * Done by the supervisor's reaper, so that there is one way, however the supervisor ended. The shared folder goes only
 * when it is empty and no other cluster of this machine uses it.
 */
export function clusterCleanup(folder: string, sharedDir: string): { commands: string; args: string[] } {
  const commands = `
rm -rf -- "$1" || { sleep 0.2; rm -rf -- "$1"; }
for link in "\${1%/*}"/burla-*/${sharedLink}; do
  [ "$link" -ef "$2" ] && exit
done
rmdir -- "$2"
`
  return { commands, args: [folder, sharedDir] }
}
