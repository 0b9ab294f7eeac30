/** A job that was started inside a call ends with the call (P8), whatever becomes of the job of the call. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { burla } from 'burla'
import { isGroupAlive } from '@burla/processes'
import { until } from '@burla/testkit'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { useEmbedded } from './use-embedded.ts'

const embedded = useEmbedded('file')
beforeAll(() => embedded.shape(1, 1))
afterEach(() => {
  for (const name of existsSync(embedded.sharedDir) ? readdirSync(embedded.sharedDir) : [])
    rmSync(join(embedded.sharedDir, name))
})
const noted = (name: string) => readFileSync(join(embedded.sharedDir, name), 'utf8')

const leaving: [string, () => Promise<unknown>, { timeoutMs?: number }, object][] = [
  ['returns', async () => 'left', {}, { value: 'left' }],
  ['throws', () => Promise.reject(new Error('gone')), {}, { reason: { message: 'gone' } }],
  ['exits', async () => process.exit(3), {}, { reason: { name: 'ExitError' } }],
  ['is over time', () => new Promise(() => undefined), { timeoutMs: 3_000 }, { reason: { name: 'TimeoutError' } }],
]

test.each(leaving)('P8 a job ends with the call that has started it, when that %s', async (_, leave, options, left) => {
  const outer = burla.settle(
    async (input) => {
      const { existsSync: exists, writeFileSync: write } = await import('node:fs')
      const untilThere = async (path: string) => {
        while (!exists(path)) await new Promise((resolve) => setTimeout(resolve, 10))
      }
      // Its job goes on after the call that leaves.
      if (input === 'stays') return untilThere('shared/done')
      const child = burla.map(async () => {
        process.getBuiltinModule('node:fs').writeFileSync('shared/child', String(process.pid))
        await new Promise((resolve) => setTimeout(resolve, 2 ** 30))
      }, [0])
      child.catch(() => undefined)
      write('shared/id', child.jobId)
      await untilThere('shared/child')
      return leave()
    },
    ['leaves', 'stays'],
    options,
  )
  const id = await until('it has started a job', () => existsSync(join(embedded.sharedDir, 'child')) && noted('id'))
  const ended = await until('that has ended', async () => {
    const status = await burla.job(id).status()
    return status.state === 'cancelled' && status
  })
  expect(ended.reason).toMatch(/call .*in which it was started/)
  await until('its call is dead', () => !isGroupAlive(Number(noted('child'))))
  writeFileSync(join(embedded.sharedDir, 'done'), '')
  expect((await outer)[0]).toMatchObject(left)
})

test('P8 a cancel of the outermost job ends the calls of every level', async () => {
  const outer = burla.map(
    async () =>
      burla.map(
        () =>
          burla.map(() => {
            process.getBuiltinModule('node:fs').writeFileSync('shared/child', String(process.pid))
            for (;;);
          }, [0]),
        [0],
      ),
    [0],
  )
  outer.catch(() => undefined)
  const pid = await until(
    'the innermost call runs',
    () => existsSync(join(embedded.sharedDir, 'child')) && noted('child'),
  )
  outer.cancel()
  await expect(outer).rejects.toThrow('was cancelled by its program')
  await until('its call is dead', () => !isGroupAlive(Number(pid)))
  await until('all jobs are over', async () =>
    (await burla.jobs()).every(({ state }) => /^(completed|cancelled|failed)$/.test(state)),
  )
})
