/** The cluster of `burla dashboard`: found by programs, there once, ended by Ctrl-C, and its jobs outlive it. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { leftoversAfter, processesWithMarker, until } from '@burla/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dashboardData, type DashboardData, type RunningCommand } from './run-dashboard.ts'
import { runProgram } from './run-program.ts'

let data: DashboardData
let dashboard: RunningCommand
let port: string
beforeAll(async () => {
  data = dashboardData()
  dashboard = data.start('--port', '0')
  port = new URL(await dashboard.url()).port
})
afterAll(() => data[Symbol.asyncDispose]())

/** On a machine that has much else to do. */
const soon: typeof until = (what, look) => until(what, look, { timeoutMs: 60_000 })

/** Each input notes that it ran; those from 3 on wait until they may end. */
const slowCall = `
  async (n) => {
    const { appendFileSync, existsSync } = process.getBuiltinModule('node:fs')
    appendFileSync('shared/ran', n + '\\n')
    while (n >= 3 && !existsSync('shared/go')) await new Promise((resolve) => setTimeout(resolve, 20))
    return n * 2
  },
  [0, 1, 2, 3, 4, 5],
  { name: 'slow' },
`
const slowJob = `
import { burla } from 'burla'
console.log(JSON.stringify(await burla.map(${slowCall})))
`
const submitSlowJob = `
import { burla } from 'burla'
console.log((await burla.submit(${slowCall})).id)
`
const collect = (id: string) => `
import { burla } from 'burla'
for (const time of ['first', 'second']) console.log(time, JSON.stringify(await burla.job('${id}').results()))
`
/** Those that ran before and have no result, and those that were not begun. */
const expectedAgain = (before: string[]) => [
  ...before.filter((n) => Number(n) >= 3),
  ...['3', '4', '5'].filter((n) => !before.includes(n)),
]
const threeAreDone = () =>
  soon('three inputs have a result and two run', () => {
    const ran = data.sharedLines('ran')
    return ran.length === 5 && ran
  })
function forgetRuns(): void {
  for (const name of ['go', 'ran']) rmSync(join(data.sharedDir, name), { force: true })
}

test('a program finds it without configuration', async () => {
  await using program = runProgram(
    `import { burla } from 'burla'
     console.log(await burla.map(() => process.env.BURLA_SHARED_DIR, [1]))`,
    data.env,
  )
  expect(await program.ended).toBe(0)
  expect(program.stdout).toContain(data.sharedDir)
})

test('a second start says that it is there and ends with 0; one that wants another port ends with 5', async () => {
  const second = data.start()
  expect(await second.ended).toBe(0)
  expect(second.stdout).toContain(`is up already (process `)
  expect(second.stdout).toContain(`127.0.0.1:${port}`)
  const elsewhere = data.start('--port', '1')
  expect(await elsewhere.ended).toBe(5)
  expect(elsewhere.stderr).toMatch(/^burla: your cluster on this machine is up already, at http:.* at port 1,/)
})

test('a busy job needs a second Ctrl-C and goes on after a restart: no input that has a result runs again', async () => {
  await using program = runProgram(slowJob, data.env)
  const before = await threeAreDone()
  dashboard.signal('SIGINT')
  const said = () => dashboard.stderr.includes('Ctrl-C again ends the cluster all the same')
  await soon('it has said what runs', said)
  expect(dashboard.stderr).toMatch(/A job is not finished:\n {2}slow-\w{10}: 3 of 6 inputs have a result, 2 running\n/)
  dashboard.signal('SIGINT')
  expect(await dashboard.ended).toBe(0)

  dashboard = data.start('--port', port)
  await dashboard.url()
  writeFileSync(join(data.sharedDir, 'go'), '')
  expect(await program.ended).toBe(0)
  expect(program.stdout).toContain('[0,2,4,6,8,10]')
  expect(data.sharedLines('ran').slice(before.length).sort()).toEqual(expectedAgain(before).sort())
})

test('P8 kill -9 in the middle of a submitted job leaves nothing running; the next start goes on', async () => {
  forgetRuns()
  await using submitting = runProgram(submitSlowJob, data.env)
  expect(await submitting.ended).toBe(0)
  const id = submitting.stdout.trim()
  const before = await threeAreDone()
  dashboard.signal('SIGKILL')
  expect(await leftoversAfter(10_000, { family: processesWithMarker(data.env['TMPDIR'] ?? '') })).toEqual([])

  dashboard = data.start('--port', port)
  await dashboard.url()
  writeFileSync(join(data.sharedDir, 'go'), '')
  await using collecting = runProgram(collect(id), data.env)
  expect(await collecting.ended).toBe(0)
  expect(collecting.stdout).toBe('first [0,2,4,6,8,10]\nsecond [0,2,4,6,8,10]\n')
  expect(data.sharedLines('ran').slice(before.length).sort()).toEqual(expectedAgain(before).sort())
})

test('without a busy job the first Ctrl-C ends it', async () => {
  dashboard.signal('SIGINT')
  expect(await dashboard.ended).toBe(0)
  expect(dashboard.stderr).toBe('Ending the cluster ...\n')
})

test('on a terminal Ctrl-C is asked for twice while a job is busy, and P8 nothing of the cluster is left', async () => {
  forgetRuns()
  const terminal = data.onTerminal('dashboard', '--port', port)
  await terminal.url()
  await using program = runProgram(slowJob, data.env)
  await threeAreDone()
  terminal.type('\u0003')
  await soon('it has said what runs', () => terminal.stdout.includes('Ctrl-C again ends the cluster all the same'))
  terminal.type('\u0003')
  expect(await terminal.ended).toBe(0)
  program.signal('SIGKILL')
  await program.ended
  expect(processesWithMarker(data.env['TMPDIR'] ?? '')).toEqual([])
})

test('SIGTERM ends it at once, also with jobs that are not finished, and the next start knows of them', async () => {
  const next = data.start('--port', port)
  await next.url()
  const list = data.burla('jobs', 'list')
  expect(await list.ended).toBe(0)
  expect(list.stdout).toMatch(/slow-\w{10} +(running|waiting) +3\/6/)
  next.signal('SIGTERM')
  expect(await next.ended).toBe(0)
  expect(next.stderr).toBe('Ending the cluster ...\n')
})
