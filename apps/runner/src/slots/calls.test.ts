import { readFile, realpath, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { largestValueBytes } from '@burla/protocol'
import { expect, test } from 'vitest'
import { usePool } from './use-pool.ts'

test('a call returns what the function returns, with its duration', async () => {
  const { call } = await usePool(async (x: number, index) => {
    await new Promise((resolve) => setTimeout(resolve, 20))
    return { twice: x * 2, index }
  })
  const outcome = await call(21, { index: 5 })
  expect(outcome).toMatchObject({ type: 'value', value: { twice: 42, index: 5 } })
  expect(outcome.durationMs).toBeGreaterThan(15)
})

test('the slots of one process serve many calls, and values of all kinds', async () => {
  const { call, pids } = await usePool((x: unknown) => x)
  const values = [undefined, null, NaN, -0, 10n, new Date(0), new Map([[1, new Set([2])]]), Buffer.from('ab'), 'ä€𝄞']
  for (const value of values) expect(await call(value)).toMatchObject({ type: 'value', value })
  expect(pids.size).toBe(1)
})

test('megabytes travel in both directions', async () => {
  const { call } = await usePool((x: Buffer) => Buffer.concat([x, x]))
  const bytes = Buffer.alloc(5_000_001, 'burla')
  const outcome = await call(bytes)
  expect(outcome.type === 'value' && Buffer.concat([bytes, bytes]).equals(outcome.value as Buffer)).toBe(true)
})

test('each call sees its own environment, its folder and the shared folder', async () => {
  const { call, sharedDir, folder } = await usePool(
    () => {
      const { readFileSync, writeFileSync } = process.getBuiltinModule('node:fs')
      const { BURLA_NODE_ID, BURLA_JOB_ID, BURLA_INPUT_INDEX, BURLA_SHARED_DIR, MY_OPTION } = process.env
      writeFileSync('shared/out.txt', 'from the slot')
      return {
        env: { BURLA_NODE_ID, BURLA_JOB_ID, BURLA_INPUT_INDEX, BURLA_SHARED_DIR, MY_OPTION },
        cwd: process.cwd(),
        read: readFileSync('shared/in.txt', 'utf8'),
      }
    },
    { setup: { env: { MY_OPTION: 'set' } } },
  )
  await writeFile(join(sharedDir, 'in.txt'), 'to the slot')
  for (const index of [3, 4]) {
    expect(await call(null, { index })).toMatchObject({
      value: {
        env: {
          BURLA_NODE_ID: 'node-1',
          BURLA_JOB_ID: 'job-1',
          BURLA_INPUT_INDEX: String(index),
          BURLA_SHARED_DIR: sharedDir,
          MY_OPTION: 'set',
        },
        cwd: join(await realpath(folder), 'job-1-0'),
        read: 'to the slot',
      },
    })
  }
  expect(await readFile(join(sharedDir, 'out.txt'), 'utf8')).toBe('from the slot')
})

test.runIf(process.platform === 'linux')(
  'P4 when memory runs out the kernel takes a slot before its runner',
  async () => {
    const { call } = await usePool(() =>
      Number(process.getBuiltinModule('node:fs').readFileSync('/proc/self/oom_score_adj', 'utf8')),
    )
    const outcome = await call(null)
    expect(outcome.type === 'value' && outcome.value).toBeGreaterThanOrEqual(500)
  },
)

test('P4 a call that changes its working directory does not change that of the next', async () => {
  const { call } = await usePool((to: string | null) => {
    const before = process.cwd()
    if (to) process.chdir(to)
    return before
  })
  const first = await call('/')
  expect(await call(null)).toMatchObject({ value: (first as { value: string }).value })
})

test('P9 a slot is given nothing of its runner’s environment but what programs need', async () => {
  process.env['BURLA_TEST_SECRET'] = 'secret'
  const { call } = await usePool(() => ({ names: Object.keys(process.env), path: process.env['PATH'] }))
  const outcome = await call(null)
  delete process.env['BURLA_TEST_SECRET']
  const { names, path } = (outcome as { value: { names: string[]; path: string } }).value
  expect(path).toBe(process.env['PATH'])
  const others = names.filter((name) => !/^(PATH|HOME|LANG|LC_.*|TZ|TMPDIR|NODE_EXTRA_CA_CERTS)$/.test(name))
  expect(others.sort()).toEqual([
    'BURLA_INPUT_INDEX',
    'BURLA_JOB_ID',
    'BURLA_NODE_ID',
    'BURLA_SHARED_DIR',
    'BURLA_SLOT_ID',
  ])
})

test('what the function throws arrives as it is, with its own frames only', async () => {
  const { call, pids } = await usePool(() => {
    const cause = new AggregateError([new Error('the wind')], 'the weather')
    throw Object.assign(new RangeError('too far', { cause }), { limit: 3 })
  })
  const outcome = await call(null)
  expect(outcome).toMatchObject({ type: 'error', error: { message: 'too far', limit: 3 } })
  if (outcome.type !== 'error') return
  expect(outcome.error).toBeInstanceOf(RangeError)
  const cause = outcome.error.cause as AggregateError
  for (const { stack } of [outcome.error, cause, cause.errors[0] as Error]) {
    expect(stack).toContain('calls.test.ts')
    expect(stack).not.toContain('slot-calls')
  }
  expect((await call(null)).type).toBe('error')
  expect(pids.size).toBe(1)
})

test('what is thrown and is no error arrives too', async () => {
  const { call } = await usePool((x: unknown) => Promise.reject(x))
  for (const thrown of ['text', undefined, 0])
    expect(await call(thrown)).toMatchObject({ type: 'error', error: thrown })
})

test('the function is called without a receiver of ours', async () => {
  const { call } = await usePool(function (this: unknown) {
    return this === undefined
  })
  expect(await call(null)).toMatchObject({ value: true })
})

test('a result that cannot travel is refused by its path', async () => {
  const { call } = await usePool(() => ({ conn: () => 1 }))
  const outcome = await call(null)
  expect(outcome).toMatchObject({ type: 'error', error: { code: 'RESULT_NOT_PORTABLE' } })
  expect(outcome.type === 'error' && outcome.error.message).toContain('result.conn')
})

test('a result over the limit is refused by its index and size, and the slot goes on', async () => {
  const { call, pids } = await usePool((bytes: number) => Buffer.alloc(bytes).subarray(0, bytes))
  const outcome = await call(largestValueBytes + 2_000, { index: 8 })
  expect(outcome).toMatchObject({ type: 'error', error: { code: 'RESULT_TOO_BIG' } })
  expect(outcome.type === 'error' && outcome.error.message).toMatch(
    /^Input 8: result has 268,43\d,\d+ bytes; the limit is 256 MiB/,
  )
  expect(await call(3)).toMatchObject({ type: 'value' })
  expect(pids.size).toBe(1)
})

test('a function that cannot be restored is the error of every call, and of no slot', async () => {
  const { call, pids } = await usePool(() => 1, { setup: { functionBytes: Buffer.from('not a function') } })
  expect((await call(null)).type).toBe('error')
  expect((await call(null)).type).toBe('error')
  expect(pids.size).toBe(1)
})
