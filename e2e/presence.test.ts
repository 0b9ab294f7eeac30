/** P10: what becomes of a job whose client dies, falls silent, is busy, or loses the api for a while. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { burla } from 'burla'
import { askRedis } from '@burla/local-cluster'
import { isFinished, jobKeys, lostAfterMs, type JobId } from '@burla/protocol'
import { cuttingProxy, familyOf, kill9, until } from '@burla/testkit'
import { describe, expect, test } from 'vitest'
import { recordExecutions } from './executions.ts'
import { runProgram, type RunningProgram } from './run-program.ts'
import { useStaying } from './use-staying.ts'

const clientGoneMs = 2_000
const staying = useStaying({ nodes: 4, cpusPerNode: 1, clientGoneMs })
const shared = (name = '') => join(staying.cluster.sharedDir, name)

/** A program that says its job's id, with one call that notes its process and goes on until it may end. */
const program = (name: string, { options = {}, meanwhile = '' } = {}) => `
import { burla } from 'burla'
const job = burla.map(
  async (name) => {
    const { existsSync, writeFileSync } = process.getBuiltinModule('node:fs')
    writeFileSync('shared/' + name, String(process.pid))
    while (!existsSync('shared/' + name + '-go')) await new Promise((resolve) => setTimeout(resolve, 20))
    return 'done'
  },
  ['${name}'],
  ${JSON.stringify(options)},
)
console.log('job', job.jobId)
${meanwhile}
console.log('result', await job)
`

async function started(running: RunningProgram): Promise<JobId> {
  return until('the program has a job', () => /^job (\S+)/.exec(running.stdout)?.[1], { timeoutMs: 60_000 })
}

/** The process of its call, which runs. */
async function called(name: string): Promise<number> {
  return until('its call runs', () => readdirSync(shared()).includes(name) && pidIn(name), {
    timeoutMs: 60_000,
  })
}

const pidIn = (name: string) => Number(readFileSync(shared(name), 'utf8'))
const isAlive = (pid: number) => readdirSync('/proc').includes(String(pid))

async function usersOf(jobId: JobId): Promise<string[]> {
  const [users] = await askRedis(staying.cluster.redis, [['ACL', 'USERS']])
  return (users as string[]).filter((user) => user.includes(jobId))
}

async function ended(jobId: JobId) {
  return until(
    'the job has ended',
    async () => {
      const status = await burla.job(jobId).status()
      return isFinished(status.state) && status.nodes === 0 && status
    },
    { timeoutMs: 60_000 },
  )
}

// Side by side, each with a node of its own: most of their time is waiting.
describe.concurrent('P10 the client of an attached job', () => {
  test('is killed: its job is cancelled after the grace, says why, and leaves no call, queue or user', async () => {
    await using running = runProgram(program('killed'), staying.env)
    const jobId = await started(running)
    const pid = await called('killed')
    kill9(running.pid)
    const { state, reason } = await ended(jobId)
    expect({ state, reason }).toEqual({
      state: 'cancelled',
      reason: `its client is gone: its process ended and did not come back within ${clientGoneMs / 1_000} s`,
    })
    expect(isAlive(pid)).toBe(false)
    const { prefix, record } = jobKeys(jobId)
    const left = await until('nothing but its record is left', async () => {
      const [keys] = await askRedis(staying.cluster.redis, [['KEYS', `${prefix}*`]])
      return (keys as string[]).length === 1 && keys
    })
    expect(left).toEqual([record])
    expect(await usersOf(jobId)).toEqual([])
  })

  test('falls silent: its job is cancelled after clientGraceMs, and it hears why when it can', async () => {
    const { hostname: host, port } = new URL(staying.cluster.api.url)
    await using proxy = await cuttingProxy({ host, port: Number(port) })
    const env = { BURLA_CLUSTER_URL: `http://${host}:${proxy.port}`, BURLA_TOKEN: staying.cluster.token }
    await using running = runProgram(program('silent', { options: { clientGraceMs: 10_000 } }), env)
    const jobId = await started(running)
    await called('silent')
    proxy.goSilent()
    const { state, reason } = await ended(jobId)
    expect({ state, reason }).toEqual({
      state: 'cancelled',
      reason: 'its client is gone: nothing was heard of it for 10 s',
    })
    await until('it says so', () => running.stderr.includes('nothing was heard of it for 10 s'))
  })

  test('is stopped for too long: when it wakes it hears why its job was cancelled, also when nothing is left of it', async () => {
    await using running = runProgram(program('stopped', { options: { clientGraceMs: 10_000 } }), staying.env)
    const jobId = await started(running)
    await called('stopped')
    running.signal('SIGSTOP')
    await ended(jobId)
    await until('its user is gone', async () => !(await usersOf(jobId)).length)
    running.signal('SIGCONT')
    expect(await running.ended).toBe(1)
    expect(running.stderr).toContain('was cancelled: its client is gone: nothing was heard of it for 10 s')
  })

  test('computes for longer than clientGraceMs without a break, and goes on', async () => {
    const meanwhile = `
      const { existsSync, writeFileSync } = process.getBuiltinModule('node:fs')
      const compute = () => {
        for (const until = Date.now() + 13_000; Date.now() < until; );
        writeFileSync('${shared('busy-go')}', '')
      }
      const waiting = setInterval(() => {
        if (!existsSync('${shared('busy')}')) return
        clearInterval(waiting)
        setTimeout(compute, 2_000)
      }, 50)
    `
    const source = program('busy', { options: { clientGraceMs: 10_000 }, meanwhile })
    await using running = runProgram(source, staying.env)
    expect(await running.ended).toBe(0)
    expect(running.stdout).toContain("result [ 'done' ]")
  })

  test('sleeps with its whole embedded cluster for longer than a node may be silent, and goes on', async () => {
    using log = recordExecutions()
    const source = `
      import { burla } from 'burla'
      import { recorded } from '${join(import.meta.dirname, 'executions.ts')}'
      const inputs = Array.from({ length: 6 }, () => ({ file: '${log.file}', ms: 3_000 }))
      console.log(JSON.stringify(await burla.map(recorded, inputs, { cluster: 'embedded' })))
    `
    await using running = runProgram(source)
    await until('a call runs', () => log.running().length > 0, { timeoutMs: 60_000 })
    const all = familyOf(running.pid)
    for (const { pid } of all) process.kill(pid, 'SIGSTOP')
    await delay(lostAfterMs + 5_000)
    for (const { pid } of all) process.kill(pid, 'SIGCONT')
    expect(await running.ended).toBe(0)
    expect(running.stdout).toContain('[0,2,4,6,8,10]')
  })
})

test('P10 an api that dies has taken no client for gone when it is back', async () => {
  await using running = runProgram(program('restart', { options: { clientGraceMs: 60_000 } }), staying.env)
  const jobId = await started(running)
  await called('restart')
  const { client, record } = jobKeys(jobId)
  const ask = async (...command: string[]) => (await askRedis(staying.cluster.redis, [command]))[0]
  const heard = async () => {
    await ask('PEXPIRE', client, '50000')
    await until('it is heard', async () => Number(await ask('PTTL', client)) > 50_000, { timeoutMs: 60_000 })
  }
  await heard()
  const { api } = staying.cluster.pids
  kill9(api)
  await until('another api is up', () => staying.cluster.pids.api !== api)
  await heard()
  expect(await ask('HEXISTS', record, 'clientGoneAt')).toBe(0)
  writeFileSync(shared('restart-go'), '')
  expect(await running.ended).toBe(0)
})
