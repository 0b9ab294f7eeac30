import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { isAlive } from '@burla/processes'
import { until } from '@burla/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { callOn, usePool } from './use-pool.ts'

/** Misbehaves as told; a `number` comes back. */
async function misbehave(input: number | string): Promise<unknown> {
  if (input === 'exit') process.exit(3)
  if (input === 'loop') for (;;);
  if (input === 'abort') process.abort()
  if (input === 'memory') for (const hoard: unknown[] = []; ;) hoard.push({ length: hoard.length }, [])
  if (input === 'forever') await new Promise((resolve) => setInterval(resolve, 2 ** 30).ref()).then(() => undefined)
  if (input === 'nothing left') await new Promise(() => undefined)
  if (typeof input === 'string' && input.includes('child')) {
    const { spawn } = process.getBuiltinModule('node:child_process')
    const child = spawn('sleep', ['1000'], { stdio: 'inherit', detached: input.includes('detached') })
    process.getBuiltinModule('node:fs').writeFileSync('shared/pid', String(child.pid))
    if (input.startsWith('exit')) process.exit(4)
    for (;;);
  }
  return input
}

test('P4 an exit is the error of its input alone, and the slot goes on with a new process', async () => {
  const { call, pids } = await usePool(misbehave)
  expect(await call('exit', { index: 9 })).toMatchObject({
    type: 'error',
    error: { name: 'ExitError', code: 'INPUT_EXITED', exitCode: 3, inputIndex: 9 },
  })
  expect(await call(1)).toMatchObject({ type: 'value', value: 1 })
  expect(pids.size).toBe(2)
})

test('P4 a crash names its signal', async () => {
  const { call } = await usePool(misbehave)
  const outcome = await call('abort', { index: 9 })
  expect(outcome).toMatchObject({ error: { name: 'ExitError', signal: 'SIGABRT', inputIndex: 9 } })
})

test('P4 an endless loop is killed when its time is over, and only its input is charged', async () => {
  const { call, pool, pids } = await usePool(misbehave)
  const slot = pool.take()
  const pid = slot?.pid as number
  if (slot) pool.release(slot)
  expect(await call('loop', { index: 2, timeoutMs: 100 })).toMatchObject({
    type: 'error',
    error: { name: 'TimeoutError', code: 'INPUT_TIMEOUT', inputIndex: 2 },
  })
  expect(isAlive(pid)).toBe(false)
  expect(await call(1, { timeoutMs: 20_000 })).toMatchObject({ value: 1 })
  expect(pids.size).toBe(2)
})

test('the time of a call starts when the function is called, not when its process does', async () => {
  const slowStart = 'Atomics.wait(new/**/Int32Array(new/**/SharedArrayBuffer(4)),0,0,1200)'
  const { call } = await usePool((x: number) => x, {
    env: { NODE_OPTIONS: `--import=data:text/javascript,${slowStart}` },
  })
  expect(await call(1, { timeoutMs: 600 })).toMatchObject({ type: 'value', value: 1 })
})

test('a call that ended in time is not a timeout when its runner was frozen meanwhile', async () => {
  const { call, lines } = await usePool(async () => {
    console.log('called')
    await new Promise((resolve) => setTimeout(resolve, 100))
    return 'in time'
  })
  const outcome = call(null, { timeoutMs: 400 })
  await until('the function is called', () => lines.length > 0, { everyMs: 1 })
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000)
  expect(await outcome).toMatchObject({ type: 'value', value: 'in time' })
})

test('P4 heap exhaustion is told as memory, with the index and the limit', async () => {
  const { call, lines } = await usePool(misbehave, { setup: { heapMiB: 40 } })
  const outcome = await call('memory', { index: 6 })
  expect(outcome).toMatchObject({
    type: 'error',
    error: { name: 'OutOfMemoryError', code: 'INPUT_OUT_OF_MEMORY', inputIndex: 6 },
  })
  expect(outcome.type === 'error' && outcome.error.message).toMatch(/memory.*40 MiB/)
  expect(lines.every((line) => line.index === 6)).toBe(true)
  expect(await call(1)).toMatchObject({ value: 1 })
})

test('P2 a slot killed from outside loses its call without charging it', async () => {
  const { call, pool } = await usePool(misbehave)
  await call(1)
  const slot = pool.take()
  if (!slot) throw new Error('no slot')
  const outcome = callOn(slot, 'forever')
  process.kill(slot.pid as number, 'SIGKILL')
  expect(await outcome).toMatchObject({ type: 'lost' })
  expect(await callOn(slot, 2)).toMatchObject({ value: 2 })
})

test('P4 deaths in one slot disturb no neighbour', async () => {
  const { pool } = await usePool(misbehave, { size: 2 })
  const [bad, good] = [pool.take(), pool.take()]
  if (!bad || !good) throw new Error('no slots')
  await callOn(good, 0)
  const { pid } = good
  const deaths = (async () => {
    for (const input of ['exit', 'loop', 'abort']) await callOn(bad, input, { timeoutMs: 100 })
    return 'done'
  })()
  let running: string | undefined
  void deaths.then((done) => (running = done))
  let calls = 0
  for (; !running; calls++) expect(await callOn(good, calls, { index: calls })).toMatchObject({ value: calls })
  expect(calls).toBeGreaterThan(10)
  expect(good.pid).toBe(pid)
})

test.each(['exit with child', 'loop with child', 'exit with detached child', 'loop with detached child'])(
  'P8 what a call started dies with it: %s',
  async (input) => {
    const { call, pool, sharedDir } = await usePool(misbehave)
    const outcome = call(input)
    const child = await until('the call has a child', async () =>
      Number(await readFile(join(sharedDir, 'pid'), 'utf8')),
    )
    if (input.startsWith('loop')) await pool.killAll()
    await outcome
    expect(await until('the child of the call is gone', () => !isAlive(child))).toBe(true)
  },
)

test('P7 a call that waits for nothing is told so instead of waiting for ever', async () => {
  const { call } = await usePool(misbehave)
  const outcome = await call('nothing left', { index: 4 })
  expect(outcome).toMatchObject({ type: 'error', error: { name: 'ExitError', exitCode: 13, inputIndex: 4 } })
  expect(await call(1)).toMatchObject({ value: 1 })
})

test('an error that nothing caught is the error of the call that runs, and its process is not used again', async () => {
  const { call, pids } = await usePool(async (kind: string) => {
    if (kind === 'exception') setTimeout(() => { throw new TypeError('in a timer') }, 1) // prettier-ignore
    if (kind === 'rejection') void Promise.reject(new TypeError('of a promise'))
    if (kind !== 'none') await new Promise((resolve) => setTimeout(resolve, 60_000))
    return kind
  })
  expect(await call('exception')).toMatchObject({ type: 'error', error: { message: 'in a timer' } })
  expect(await call('rejection')).toMatchObject({ type: 'error', error: { message: 'of a promise' } })
  expect(await call('none')).toMatchObject({ value: 'none' })
  expect(pids.size).toBe(3)
})

test('P4 an error that an earlier call left behind is shown, and does not fail the call that runs', async () => {
  const { call, lines, pids } = await usePool(async (leave: boolean) => {
    const { existsSync, writeFileSync } = process.getBuiltinModule('node:fs')
    if (leave) {
      const wait = setInterval(() => {
        if (!existsSync('shared/next')) return
        clearInterval(wait)
        writeFileSync('shared/thrown', '')
        throw new Error('left behind')
      }, 1)
      return 'left'
    }
    writeFileSync('shared/next', '')
    while (!existsSync('shared/thrown')) await new Promise((resolve) => setTimeout(resolve, 1))
    await new Promise((resolve) => setTimeout(resolve, 1))
    return 'unharmed'
  })
  expect(await call(true)).toMatchObject({ value: 'left' })
  expect(await call(false)).toMatchObject({ value: 'unharmed' })
  expect(lines.some((line) => line.text.includes('left behind'))).toBe(true)
  expect(pids.size).toBe(1)
})

test('P4 an answer counts even when the process exits right after it, and the next call is not charged', async () => {
  const { call, pids } = await usePool((x: number) => {
    setImmediate(() => process.exit(1))
    return x
  })
  for (let x = 0; x < 10; x++) expect(await call(x)).toMatchObject({ type: 'value', value: x })
  expect(pids.size).toBeGreaterThan(5)
})

test('P4 a function that ends its process while it is loaded is the error of each call, without a loop of forks', async () => {
  class Exiting {
    [process.env['BURLA_JOB_ID'] === 'job-1' ? String(process.exit(5)) : 'fn']() {}
  }
  const { call, pids } = await usePool(() => typeof Exiting)
  for (const index of [0, 1])
    expect(await call(null, { index })).toMatchObject({ error: { exitCode: 5, inputIndex: index } })
  expect(pids.size).toBeLessThanOrEqual(3)
})

test('nonsense on the channel ends the slot and not the runner', async () => {
  const { call } = await usePool((x: number | null) => {
    if (x !== null) return x
    process.getBuiltinModule('node:fs').writeSync(3, Buffer.alloc(64, 0xff))
    return new Promise((resolve) => setTimeout(resolve, 60_000))
  })
  expect(await call(null, { index: 1 })).toMatchObject({ error: { code: 'INPUT_EXITED', inputIndex: 1 } })
  expect(await call(1)).toMatchObject({ value: 1 })
})

test('a slot of another version than its runner is not used, and says why', async () => {
  const { call } = await usePool((x: number | null) => {
    if (x !== null) return x
    process.getBuiltinModule('node:fs').writeSync(3, Buffer.from([0, 0, 0, 1, 16, 9]))
    return new Promise((resolve) => setTimeout(resolve, 60_000))
  })
  const told = await call(null)
  expect(told.type === 'error' && told.error.message).toContain(
    'it speaks codec 9 and its runner codec 1: burla was replaced',
  )
  expect(await call(1)).toMatchObject({ value: 1 })
})

test('P8 a slot whose runner was killed ends by itself, with what it started', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'burla-doomed-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const fixture = fileURLToPath(new URL('fixtures/doomed-runner.ts', import.meta.url))
  const runner = spawn(process.execPath, [fixture, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [said] = (await once(createInterface(runner.stdout), 'line')) as [string]
  const { slot, child } = JSON.parse(said) as { slot: number; child: number }
  expect([isAlive(slot), isAlive(child)]).toEqual([true, true])
  runner.kill('SIGKILL')
  await until('slot and child are gone', () => !isAlive(slot) && !isAlive(child))
})
