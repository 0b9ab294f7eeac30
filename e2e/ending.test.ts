/** A job that ends early: the caller hears of it at once, and its calls are dead within two seconds. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { burla, CancelledError } from 'burla'
import { until } from '@burla/testkit'
import { afterEach, expect, test } from 'vitest'
import { useEmbedded } from './use-embedded.ts'

const embedded = useEmbedded('file')
afterEach(() => {
  for (const name of existsSync(embedded.sharedDir) ? readdirSync(embedded.sharedDir) : [])
    rmSync(join(embedded.sharedDir, name))
})
/** Notes its process in shared/, and then keeps a CPU busy for ever. */
const burn = (n: number) => {
  process.getBuiltinModule('node:fs').writeFileSync(`shared/${n}`, String(process.pid))
  for (;;);
}

const burning = () =>
  until('two calls run', () => {
    const pids = readdirSync(embedded.sharedDir).map((name) =>
      Number(readFileSync(join(embedded.sharedDir, name), 'utf8')),
    )
    return pids.length === 2 && pids.every((pid) => pid > 0) && pids
  })

async function expectDead(pids: number[]) {
  await until('the calls are dead', () => pids.every((pid) => !isAlive(pid)), { timeoutMs: 10_000 })
}

function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return false
  }
}

test('cancel() rejects with a CancelledError and kills calls that keep a CPU busy', async () => {
  const job = burla.map(burn, [0, 1, 2])
  job.catch(() => undefined)
  const pids = await burning()
  job.cancel()
  await expect(job).rejects.toThrow(CancelledError)
  await expect(job).rejects.toThrow(`job ${job.jobId} was cancelled by its program`)
  await expectDead(pids)
})

test('a signal cancels, and its reason is the cause', async () => {
  const controller = new AbortController()
  const job = burla.settle(burn, [0, 1, 2], { signal: controller.signal })
  job.catch(() => undefined)
  const pids = await burning()
  const reason = new Error('enough')
  controller.abort(reason)
  await expect(job).rejects.toMatchObject({ name: 'CancelledError', cause: reason })
  await expectDead(pids)
})

test('a signal that is aborted already rejects before any input is pulled', async () => {
  let pulled = 0
  function* inputs() {
    yield pulled++
  }
  await expect(burla.map((n) => n, inputs(), { signal: AbortSignal.abort() })).rejects.toThrow(CancelledError)
  expect(pulled).toBe(0)
})

test('the first failure in time rejects the map, and the other calls die', async () => {
  const job = burla.map(
    async (n: number) => {
      const { existsSync, writeFileSync } = process.getBuiltinModule('node:fs')
      writeFileSync(`shared/${n}`, String(process.pid))
      while (n === 0);
      while (!existsSync('shared/0')) await new Promise((resolve) => setTimeout(resolve, 10))
      throw new Error(`input ${n} failed`)
    },
    [0, 1],
  )
  await expect(job).rejects.toThrow('input 1 failed')
  await expectDead(await burning())
})

test('a job that was cancelled leaves the node to the next one', async () => {
  const job = burla.map(burn, [0, 1])
  job.catch(() => undefined)
  await burning()
  job.cancel()
  expect(await burla.map((n: number) => n + 1, [1])).toEqual([2])
})

test('burla.close() cancels what runs, and a later map starts a new cluster', async () => {
  const job = burla.map(burn, [0, 1])
  job.catch(() => undefined)
  const pids = await burning()
  await burla.close()
  await expect(job).rejects.toThrow(CancelledError)
  await expectDead(pids)
  expect(await burla.map((n: number) => n + 1, [1])).toEqual([2])
})
