/**
 * Nothing outlives its parent, also after kill -9 (P8). Each process that has children runs a reaper: a tiny shell in a
 * session of its own, which holds the other end of a pipe. When the owner dies, however that happens, the pipe ends;
 * the reaper gives the children `graceMs` to stop by themselves, kills the process groups that are left, and removes
 * what the owner would have removed.
 *
 * Invariants: the owner alone holds the pipe's writing end (Node opens it close-on-exec); a pid is on the list from
 * right after its spawn until the owner has seen the end of its group; the list in the owner is the true one, so that a
 * reaper that was itself killed is started again with it.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { BurlaError } from '@burla/protocol'

export interface ReaperOptions {
  /** how long the groups have to end by themselves after the owner's death; default 2 s */
  graceMs?: number
  /** shell commands to run when no group is left, with `args` as `$1`, `$2`, ... */
  cleanup?: { commands: string; args: string[] }
}

export interface Reaper {
  readonly pid: number
  /** `pid` leads a process group (it was spawned `detached`) that must not outlive this process. */
  watch(pid: number): void
  /** The group has ended. */
  forget(pid: number): void
  /** Forgets all and ends the reaper; nothing is killed or cleaned up. */
  close(): void
  /** Does now what it would do at the owner's death; resolves when that is done. */
  finish(): Promise<void>
}

/**
 * For dash, bash and busybox. Input: lines `+pid` and `-pid`. Arguments: the grace in tenths of a second, then those of
 * the cleanup. Script and cleanup are in the environment, so that a list of processes stays readable.
 */
const script = `
grace=$1
shift
watched=' '
while read -r line; do
  pid=\${line#?}
  case $line in
    +*) watched="$watched$pid " ;;
    -*) case $watched in *" $pid "*) watched="\${watched%%" $pid "*} \${watched#*" $pid "}" ;; esac ;;
  esac
done
await_end() {
  tenths=$1
  while :; do
    left=' '
    for pid in $watched; do kill -s 0 -- "-$pid" && left="$left$pid "; done
    watched=$left
    { [ "$watched" = ' ' ] || [ "$tenths" -le 0 ]; } && return
    sleep 0.1
    tenths=$((tenths - 1))
  done
}
await_end "$grace"
for pid in $watched; do kill -s KILL -- "-$pid"; done
await_end 10
eval "$cleanup"
`

/** A reaper that dies at once, again and again, is not started more often than this. */
const restartAfterMs = 1_000

export function startReaper({ graceMs = 2_000, cleanup }: ReaperOptions = {}): Reaper {
  const args = [String(Math.ceil(graceMs / 100)), ...(cleanup?.args ?? [])]
  const watched = new Set<number>()
  let closed = false
  let reaper = start()

  function start(): ChildProcess {
    const startedAt = Date.now()
    // cwd '/': a reaper that waits must not hold a folder that is being removed.
    const child = spawn('/bin/sh', ['-c', 'eval "$reaper"', 'burla-reaper', ...args], {
      detached: true,
      cwd: '/',
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', reaper: script, cleanup: cleanup?.commands ?? '' },
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    child.once('exit', () => {
      if (closed) return
      const waitMs = Math.max(0, startedAt + restartAfterMs - Date.now())
      setTimeout(restart, waitMs).unref()
    })
    // The one error to expect is writing to a reaper that was killed; its exit is what we act on.
    child.stdin?.on('error', () => undefined)
    child.once('error', () => undefined)
    if (child.pid === undefined) {
      throw new BurlaError(
        'INTERNAL',
        'The reaper could not be started: /bin/sh cannot be run. Burla needs a POSIX shell.',
      )
    }
    // The reaper is not a reason for its owner to stay.
    child.unref()
    ;(child.stdin as unknown as { unref(): void }).unref()
    for (const pid of watched) child.stdin?.write(`+${pid}\n`)
    return child
  }

  function restart(): void {
    if (!closed) reaper = start()
  }

  return {
    get pid() {
      return reaper.pid as number
    },
    watch(pid) {
      watched.add(pid)
      reaper.stdin?.write(`+${pid}\n`)
    },
    forget(pid) {
      if (watched.delete(pid)) reaper.stdin?.write(`-${pid}\n`)
    },
    close() {
      closed = true
      watched.clear()
      reaper.kill('SIGKILL')
    },
    async finish() {
      closed = true
      reaper.ref()
      reaper.stdin?.end()
      if (reaper.exitCode === null && reaper.signalCode === null) await once(reaper, 'exit')
    },
  }
}
