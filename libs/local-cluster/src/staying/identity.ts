/** What makes it the same cluster after a restart: its token, and the password that the passwords of jobs come from. */
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { BurlaError } from '@burla/protocol'
import type { DataFolder } from './data-folder.ts'

/** Goes up when an older Burla could not go on with the jobs that are stored, or a newer one not with older ones. */
const format = '1'

export interface Identity {
  token: string
  redisPassword: string
}

/** Made at the first start; for the one that owns the folder. */
export function readIdentity(folder: DataFolder): Identity {
  const found = readOrMake(folder.format, () => format)
  if (found !== format) {
    throw new BurlaError(
      'CLUSTER_START_FAILED',
      `The data in ${folder.cluster} was written by another version of Burla (format ${found}, this one has ${format}); ` +
        'use that version, or move the folder away to start without its jobs.',
    )
  }
  return {
    token: readOrMake(folder.token, randomSecret),
    redisPassword: readOrMake(folder.redisPassword, randomSecret),
  }
}

function readOrMake(path: string, make: () => string): string {
  if (!existsSync(path)) writeWhole(path, `${make()}\n`)
  return readFileSync(path, 'utf8').trim()
}

/** There is never half of the file, also when this process is killed or the disk is full. */
export function writeWhole(path: string, text: string): void {
  const unfinished = `${path}.${process.pid}`
  writeFileSync(unfinished, text, { mode: 0o600 })
  renameSync(unfinished, path)
}

function randomSecret(): string {
  return randomBytes(24).toString('base64url')
}
