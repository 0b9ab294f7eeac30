import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { isAlive, isGroupAlive, killGroup } from './killing.ts'
import { startReaper } from './reaper.ts'

const started: number[] = []
afterEach(() => started.splice(0).forEach((pid) => killGroup(pid)))

interface Owned {
  owner: number
  reaper: number
  child: number
  grandchild: number
}

async function startOwner(): Promise<Owned> {
  const owner = spawn(process.execPath, [new URL('fixtures/owner.ts', import.meta.url).pathname], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(owner.stdout, 'data')) as [Buffer]
  const owned = { owner: owner.pid as number, ...(JSON.parse(line.toString()) as Omit<Owned, 'owner'>) }
  started.push(owned.owner, owned.child)
  return owned
}

const until = (condition: () => void) => vi.waitFor(condition, { timeout: 5_000, interval: 20 })

describe('P8 nothing outlives its owner', () => {
  test("kill -9 of the owner's whole group ends a spinning child, its grandchild and the reaper", async () => {
    const { owner, reaper, child, grandchild } = await startOwner()
    expect([owner, reaper, child, grandchild].map(isAlive)).toEqual([true, true, true, true])
    killGroup(owner)
    await until(() => expect([child, grandchild, reaper].filter(isAlive)).toEqual([]))
  })

  test('a reaper that was killed is started again with the same list', async () => {
    const { owner, reaper, child, grandchild } = await startOwner()
    process.kill(reaper, 'SIGKILL')
    await until(() => expect(isAlive(reaper)).toBe(false))
    await until(() => expect(reapersOf(owner)).toHaveLength(1))
    killGroup(owner)
    await until(() => expect([child, grandchild].filter(isAlive)).toEqual([]))
  })

  test('a frozen group is killed as well', async () => {
    const { owner, child, grandchild } = await startOwner()
    killGroup(child, 'SIGSTOP')
    killGroup(owner)
    await until(() => expect([child, grandchild].filter(isAlive)).toEqual([]))
  })
})

test('a forgotten group is left alone, and close() ends the reaper without harm to the others', async () => {
  const reaper = startReaper({ graceMs: 100 })
  const { pid } = reaper
  const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' })
  started.push(child.pid as number)
  reaper.watch(child.pid as number)
  reaper.close()
  await until(() => expect(isAlive(pid)).toBe(false))
  expect(isGroupAlive(child.pid as number)).toBe(true)
})

test('finish() kills what is left, cleans up, and is over when it resolves', async () => {
  const folder = mkdtempSync(join(tmpdir(), "burla-test-it's-"))
  const reaper = startReaper({ graceMs: 100, cleanup: { commands: 'rm -rf -- "$1"', args: [folder] } })
  const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' })
  started.push(child.pid as number)
  reaper.watch(child.pid as number)
  await reaper.finish()
  expect(existsSync(folder)).toBe(false)
  await until(() => expect([child.pid as number, reaper.pid].filter(isAlive)).toEqual([]))
})

/** Children of a process by /proc, which is there on Linux only: where the tests that need it run. */
function reapersOf(owner: number): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      if (!/^\d+$/.test(pid) || !readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('burla-reaper')) return false
      return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1] === String(owner)
    } catch {
      return false
    }
  })
}
