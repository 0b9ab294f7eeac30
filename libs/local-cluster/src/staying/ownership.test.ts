import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { identifyProcess, isRunning, type ProcessIdentity } from '@burla/processes'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeOwner, takeOwnership } from './ownership.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'burla-test-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const entry = new URL('../fixtures/owner.ts', import.meta.url).pathname
const me = identifyProcess(process.pid) as ProcessIdentity
const take = (isUp = false) =>
  takeOwnership(folder, {
    me: { supervisor: me, reaper: me },
    isUp: () => isUp,
    signal: new AbortController().signal,
  })
const owners = () => readdirSync(folder).filter((name) => name.includes('owner'))

test('a folder has one owner at a time, also when many want it at once and some are killed', async () => {
  const ends = ['killed', 'given back', 'killed', 'given back', 'killed', 'given back', 'killed', 'given back']
  const children = ends.map((end) => spawn(process.execPath, [entry, folder, end], { stdio: 'inherit' }))
  await Promise.all(children.map((child) => once(child, 'exit')))
  expect(readFileSync(join(folder, 'notes'), 'utf8')).toBe('done\n'.repeat(ends.length))
  expect(owners()).toEqual([`owner.${ends.length}`])
})

test('the folder of a cluster that is up is not waited for, and one that was given back is free', async () => {
  const leave = await take()
  await expect(take(true)).rejects.toMatchObject({
    code: 'CLUSTER_CONFLICT',
    message: `A cluster of this user is on this machine already (process ${process.pid}, data in ${folder}).`,
  })
  leave()
  await take(true)
  expect(owners()).toEqual(['owner.2'])
})

test.each([
  ['its number is taken', 'owner.7'],
  ['its number was taken and given back, and is a lower one by now', 'owner.8'],
])('one who decided on an old look has lost and leaves no trace: %s', (_, there) => {
  writeFileSync(join(folder, there), '')
  expect(makeOwner(folder, 7, { supervisor: me, reaper: me, host: hostname() })).toBe(false)
  expect(owners()).toEqual([there])
  expect(readFileSync(join(folder, there), 'utf8')).toBe('')
})

test('a folder that another machine uses is left alone: its processes cannot be seen from here', async () => {
  writeFileSync(join(folder, 'owner.3'), JSON.stringify({ supervisor: me, reaper: me, host: `not-${hostname()}` }))
  await expect(take()).rejects.toThrow(`in use by a cluster on the machine not-${hostname()}. End it there`)
})

test('a pid that is used again is another process', () => {
  expect(isRunning(me)).toBe(true)
  expect(isRunning({ ...me, start: '1' })).toBe(false)
  expect(identifyProcess(2 ** 22 + 1)).toBeUndefined()
})
