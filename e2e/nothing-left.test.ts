/**
 * P8: whatever is killed, nothing is left 10 s later: no process, socket or temp folder. Here with the real parts and calls
 * that would never end; every way that a supervisor can end is tested beside it, in `libs/local-cluster`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { LocalClusterPids } from '@burla/local-cluster'
import { familyOf, kill9, leftovers, leftoversAfter, until, type SeenProcess } from '@burla/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runProgram, type RunningProgram } from './run-program.ts'

const busy = readFileSync(join(import.meta.dirname, 'fixtures/busy-program.ts'), 'utf8')
let own = ''
let program: RunningProgram
let cluster: { folder: string; pids: LocalClusterPids }
let family: SeenProcess[]
/** of the two slots whose calls run */
let slots: number[]

beforeEach(async () => {
  program = runProgram(busy)
  own = dirname(program.folder)
  const files = ['cluster.json', 'burla-shared/spins', 'burla-shared/waits'].map((name) => join(program.folder, name))
  const read = () => files.map((path) => JSON.parse(readFileSync(path, 'utf8')) as unknown)
  const [said, ...pids] = await until('both calls run', read, { timeoutMs: 30_000 })
  cluster = said as typeof cluster
  slots = pids as number[]
  family = familyOf(program.pid)
})
afterEach(() => program[Symbol.asyncDispose]())

async function expectNothingLeft(): Promise<void> {
  expect(await leftoversAfter(10_000, { folder: cluster.folder, family })).toEqual([])
  expect(readdirSync(join(own, 'tmp'))).toEqual([])
}

test('P8 kill -9 of the program', async () => {
  expect(family.filter(({ command }) => command === 'sleep 1000')).toHaveLength(2)
  kill9(program.pid)
  await expectNothingLeft()
})

test('P8 kill -9 of the supervisor: the program is told, and ends', async () => {
  kill9(cluster.pids.supervisor)
  expect(await program.ended).toBe(1)
  expect(program.stderr).toContain('The embedded cluster has ended: its supervisor ended with SIGKILL')
  await expectNothingLeft()
})

test('P8 Ctrl-C: the program ends with 130', async () => {
  program.signal('SIGINT')
  expect(await program.ended).toBe(130)
  await expectNothingLeft()
})

test.each(['agent', 'runner', 'slot'])(
  'P8 kill -9 of the %s: what was below it is gone, and then all is',
  async (part) => {
    const [agent = 0] = cluster.pids.agents
    const above = familyOf(agent).filter(({ pid }) => familyOf(pid).some((one) => one.pid === slots[0]))
    const runner = above.find(({ command }) => /\/runner(\/src\/main\.ts|\.js)/.test(command))
    const victim = { agent, runner: runner?.pid, slot: slots[0] }[part] ?? 0
    const below = familyOf(victim)
    expect(below.length).toBeGreaterThan(1)
    kill9(victim)
    expect(await leftoversAfter(10_000, { family: below })).toEqual([])
    expect(existsSync(cluster.folder)).toBe(true)
    family.push(...familyOf(cluster.pids.supervisor))
    kill9(program.pid)
    await expectNothingLeft()
  },
)

test.each(['api', 'redis'] as const)(
  'P8 kill -9 of %s, and then of the program while it is being started again',
  async (part) => {
    kill9(cluster.pids[part] ?? 0)
    kill9(program.pid)
    await expectNothingLeft()
    expect(leftovers({ folder: own })).toEqual([`folder ${own}: ${readdirSync(own).join(', ')}`])
  },
)
