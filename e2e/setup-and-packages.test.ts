/** The options `setup` and `packages`: modules that run before the first call, and packages that the function does not show. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { burla } from 'burla'
import { inspectEmbedded } from 'burla/internal'
import { connectRedis } from '@burla/queue'
import { jobKeys } from '@burla/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { useEmbedded } from './use-embedded.ts'

useEmbedded('file')

interface SetUp {
  setUp?: string[]
}

/** A project of its own: two setup modules, one that throws, and a package in two versions of a name. */
const folder = mkdtempSync(join(tmpdir(), 'burla-setup-'))
const project = (name: string) => join(folder, name)
beforeAll(() => {
  const noting = (what: string) => `(globalThis.setUp ??= []).push(${JSON.stringify(what)} + ' in ' + process.pid)`
  mkdirSync(project('node_modules/prepares'), { recursive: true })
  const files = {
    'first.mjs': `console.log('first is set up'); ${noting('first')}`,
    'second.mjs': `await null; ${noting('second')}`,
    'failing.mjs': `throw new RangeError('no license')`,
    'node_modules/prepares/package.json': JSON.stringify({ name: 'prepares', version: '2.0.1', main: 'main.cjs' }),
    'node_modules/prepares/main.cjs': noting('package'),
    'caller.mjs': `
      export const call = (burla, ...args) => burla.map(...args)
      export const settle = (burla, ...args) => burla.settle(...args)`,
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(project(name), text)
})
afterAll(() => rmSync(folder, { recursive: true }))

/** The file that calls: what the options name is meant as it would import it. */
interface Caller {
  call: (
    sdk: typeof burla,
    fn: (input: never) => unknown,
    inputs: unknown,
    options: object,
  ) => ReturnType<typeof burla.map>
  settle: (...args: Parameters<Caller['call']>) => ReturnType<typeof burla.settle>
}
const caller = async () => (await import(project('caller.mjs'))) as Caller

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('it should have rejected'),
    (error: unknown) => error as Error & Record<string, unknown>,
  )

test('setup modules run once in each slot, in their order, before the first call there', async () => {
  const { call } = await caller()
  const setup = ['./first.mjs', 'prepares', './second.mjs']
  const fn = async (n: number) => {
    await new Promise((resolve) => setTimeout(resolve, 50))
    return [n, process.pid, [...((globalThis as SetUp).setUp ?? [])]]
  }
  const results = (await call(burla, fn, [0, 1, 2, 3, 4, 5], { setup })) as [number, number, string[]][]
  expect(results.map(([n]) => n)).toEqual([0, 1, 2, 3, 4, 5])
  for (const [, pid, setUp] of results) {
    expect(setUp).toEqual([`first in ${pid}`, `package in ${pid}`, `second in ${pid}`])
  }
  expect((globalThis as SetUp).setUp).toBeUndefined()
})

test('a setup module that fails is named, and fails every call', async () => {
  const { settle } = await caller()
  const settled = await settle(burla, (n: number) => n, [1, 2], { setup: ['./first.mjs', './failing.mjs'] })
  const message = "the setup module './failing.mjs' failed before the first call: RangeError: no license"
  for (const [inputIndex, outcome] of settled.entries()) {
    const reason = { code: 'SETUP_FAILED', message, inputIndex, cause: expect.any(RangeError) }
    expect(outcome).toMatchObject({ status: 'rejected', reason })
  }
})

test('a setup module or a package that is not there is refused at the call, by its name and the calling file', async () => {
  const { call } = await caller()
  const run = (options: object) => failureOf(call(burla, () => 1, [0], options))
  const of = project('caller.mjs')
  const refusals: [object, string][] = [
    [
      { setup: ['./first.mjs', './missing.ts'] },
      `burla.map: the option "setup[1]" is './missing.ts', and there is no such module for ${of}; name it as an import of that file would`,
    ],
    [
      { setup: ['@none/here/sub.js'] },
      `burla.map: the option "setup[0]" is '@none/here/sub.js', and there is no such module for ${of}; name it as an import of that file would`,
    ],
    [
      { packages: ['prepares', 'pg'] },
      `burla.map: the option "packages[1]" is pg, and it is not installed for ${of}; run \`npm install pg\``,
    ],
    [
      { packages: ['prepares@1.0.0'] },
      `burla.map: the option "packages[0]" is prepares@1.0.0, and ${project('node_modules/prepares')} has version 2.0.1; install prepares@1.0.0, or leave the version out`,
    ],
    [
      { packages: ['pg'], cluster: 'http://127.0.0.1:1' },
      `burla.map: the option "packages[0]" is pg, and it is not installed for ${of}; run \`npm install pg\`, or say its version, such as 'pg@1.0.0'`,
    ],
  ]
  for (const [options, message] of refusals) {
    expect(await run(options)).toMatchObject({ code: 'OPTION_INVALID', message })
  }
  // a cluster elsewhere installs what has a version by itself
  expect(await run({ packages: ['pg@8.11.0'], cluster: 'http://127.0.0.1:1' })).toMatchObject({
    code: 'CLUSTER_UNREACHABLE',
  })
})

test('the job record has the packages with their exact versions, and the function finds them', async () => {
  const { call } = await caller()
  const fn = async (name: string) => {
    const { createRequire } = await import('node:module')
    return [createRequire(`${process.env['PROJECT']}/x.js`).resolve(name), process.env.BURLA_JOB_ID]
  }
  async function* inputs() {
    yield 'prepares'
    await opened
  }
  let open = () => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  const job = call(burla, fn, inputs(), { packages: ['prepares'], env: { PROJECT: folder } })
  const { redis: login } = await inspectEmbedded()
  const redis = connectRedis({ ...login, name: 'test' })
  try {
    await expect
      .poll(() => redis.hget(jobKeys(job.jobId).record, 'packages'), { timeout: 10_000 })
      .toBe('["prepares@2.0.1"]')
  } finally {
    open()
    redis.disconnect()
  }
  expect(await job).toEqual([[project('node_modules/prepares/main.cjs'), job.jobId]])
})
