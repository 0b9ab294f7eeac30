/**
 * A data folder belongs to one cluster at a time: two Redis servers on one append-only file would destroy it.
 *
 * Whoever takes the folder makes `owner.<n>`, with n one higher than the highest there is, and that file names its
 * supervisor and its supervisor's reaper, which comes last of all. The folder is the highest owner's for as long as one
 * of the two lives.
 *
 * Invariants
 *  O1  A file appears whole, and only one process can make `owner.<n>` (`link` is atomic and never replaces).
 *  O2  The highest number never goes down: only files below it are removed. So one who decided on an old look either
 *      finds its number taken or, after making it, a higher one beside it, and has lost.
 */
import { linkSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isRunning, type ProcessIdentity } from '@burla/processes'
import { BurlaError, randomText } from '@burla/protocol'

interface Owner {
  supervisor: ProcessIdentity
  reaper: ProcessIdentity
  host: string
}

interface Taking {
  me: Omit<Owner, 'host'>
  /** whether the cluster of the present owner can be used; one that ends or starts is waited for */
  isUp: () => boolean
  signal: AbortSignal
}

const waitMs = 30_000

/** Resolves when the folder is ours, with what gives it back; rejects with CLUSTER_CONFLICT when it stays another's. */
export async function takeOwnership(folder: string, { me, isUp, signal }: Taking): Promise<() => void> {
  const giveUpAt = Date.now() + waitMs
  for (;;) {
    const highest = highestOwner(folder)
    if (highest !== undefined && isHeld(highest)) {
      if (isUp() || highest.owner?.host !== hostname() || Date.now() > giveUpAt) throw taken(folder, highest)
      await delay(50, undefined, { signal })
      continue
    }
    const number = (highest?.number ?? 0) + 1
    if (makeOwner(folder, number, { ...me, host: hostname() })) {
      // Empty means nobody. Other machines that share the folder cannot see our processes end.
      return () => writeFileSync(ownerFile(folder, number), '')
    }
  }
}

interface Numbered {
  number: number
  owner: Owner | undefined
}

function highestOwner(folder: string): Numbered | undefined {
  const number = Math.max(...ownerNumbers(folder))
  if (number === -Infinity) return undefined
  try {
    return { number, owner: parseOwner(readFileSync(ownerFile(folder, number), 'utf8')) }
  } catch (error) {
    // A higher one was made between the two looks, and this one removed.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return highestOwner(folder)
    throw error
  }
}

/** Empty: given back. Cut short: by a power cut, and nobody has lived through that. */
function parseOwner(text: string): Owner | undefined {
  try {
    return JSON.parse(text) as Owner
  } catch {
    return undefined
  }
}

function ownerNumbers(folder: string): number[] {
  return readdirSync(folder).flatMap((name) => {
    const number = /^owner\.(\d+)$/.exec(name)?.[1]
    return number === undefined ? [] : [Number(number)]
  })
}

function isHeld({ owner }: Numbered): boolean {
  if (owner === undefined) return false
  return owner.host !== hostname() || isRunning(owner.supervisor) || isRunning(owner.reaper)
}

/** O1, O2. False: somebody else was faster. */
export function makeOwner(folder: string, number: number, owner: Owner): boolean {
  const unfinished = join(folder, `unfinished-owner.${randomText(8)}`)
  writeFileSync(unfinished, JSON.stringify(owner), { mode: 0o600 })
  try {
    linkSync(unfinished, ownerFile(folder, number))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(unfinished)
  }
  const numbers = ownerNumbers(folder)
  const won = numbers.every((other) => other <= number)
  const obsolete = won ? numbers.filter((other) => other < number) : [number]
  for (const old of obsolete) rmSync(ownerFile(folder, old), { force: true })
  return won
}

function ownerFile(folder: string, number: number): string {
  return join(folder, `owner.${number}`)
}

function taken(folder: string, { number, owner }: Numbered): BurlaError {
  const elsewhere = owner !== undefined && owner.host !== hostname()
  const message = elsewhere
    ? `The data folder ${folder} is in use by a cluster on the machine ${owner.host}. End it there, or set XDG_DATA_HOME; if that machine is gone for good, remove ${ownerFile(folder, number)}.`
    : `A cluster of this user is on this machine already (process ${owner?.supervisor.pid}, data in ${folder}).`
  return new BurlaError('CLUSTER_CONFLICT', message)
}
