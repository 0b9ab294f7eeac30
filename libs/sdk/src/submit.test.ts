import { afterEach, beforeEach, expect, expectTypeOf, test } from 'vitest'
import { burla, type JobStatus, type NodeStatus, type Outcome, type SubmittedJob } from './index.ts'

// A user without any cluster: none is named, none is up on this machine, none was started by this program.
const { XDG_DATA_HOME, BURLA_CLUSTER_URL } = process.env
beforeEach(() => {
  process.env.XDG_DATA_HOME = '/nonexistent'
  delete process.env.BURLA_CLUSTER_URL
})
afterEach(() => {
  for (const [name, value] of Object.entries({ XDG_DATA_HOME, BURLA_CLUSTER_URL })) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
})

test.each([undefined, { cluster: 'embedded' }])('an embedded cluster is refused at once (%o)', async (options) => {
  let closed = false
  async function* inputs() {
    try {
      for (;;) yield 1
    } finally {
      closed = true
    }
  }
  await expect(burla.submit((n) => n, inputs(), options)).rejects.toMatchObject({
    code: 'NOT_SUPPORTED',
    message: expect.stringMatching(/^burla\.submit needs a cluster that outlives this program, .*`burla dashboard`/),
  })
  await expect.poll(() => closed).toBe(true)
})

test('asking starts no cluster', async () => {
  expect(await burla.jobs()).toEqual([])
  expect(await burla.nodes()).toEqual([])
  const nothing = { nodes: {}, cpus: 0, jobs: {} }
  expect(await burla.cluster.status()).toEqual({ state: 'none', address: null, ...nothing })
  await expect(burla.job('squares-8f3kq2mz9w').status()).rejects.toMatchObject({
    code: 'JOB_UNKNOWN',
    message:
      'there is no job squares-8f3kq2mz9w here: no cluster is up on this machine and BURLA_CLUSTER_URL is not set',
  })
})

test('wrong options and ids are refused in one sentence', async () => {
  await expect(burla.jobs({ limit: 0 })).rejects.toThrow('burla.jobs: the option "limit" must be a whole number from 1')
  await expect(burla.jobs({ state: 'done' as 'failed' })).rejects.toThrow(
    /"state" must be one of waiting, running, .*'done'/,
  )
  await expect(burla.nodes({ claster: '' } as object)).rejects.toThrow('did you mean "cluster"?')
  expect(() => burla.job('squares-8f3kq2mz9w', { limit: 1 } as object)).toThrow('burla.job: there is no option "limit"')
  for (const id of ['', 'a}:{b', 'Squares-8f3kq2mz9w', 5, undefined]) {
    expect(() => burla.job(id as string)).toThrow(/ is not the id of a job; ids look like word-count-8f3kq2mz9w/)
  }
})

test('types are inferred from the function and the inputs', () => {
  const submitting = () => burla.submit(async (n: number) => [n], [1])
  const collecting = () => burla.job<number>('squares-8f3kq2mz9w')
  expectTypeOf(submitting).returns.resolves.toEqualTypeOf<SubmittedJob<number[]>>()
  expectTypeOf(collecting().results).returns.resolves.toEqualTypeOf<number[]>()
  expectTypeOf(collecting().settled).returns.resolves.toEqualTypeOf<Outcome<number>[]>()
  expectTypeOf(collecting().stream).returns.toEqualTypeOf<AsyncIterableIterator<Outcome<number>>>()
  expectTypeOf(collecting().status).returns.resolves.toEqualTypeOf<JobStatus>()
  expectTypeOf(burla.job).returns.toEqualTypeOf<SubmittedJob<unknown>>()
  expectTypeOf(burla.jobs).returns.resolves.toEqualTypeOf<JobStatus[]>()
  expectTypeOf(burla.nodes).returns.resolves.toEqualTypeOf<NodeStatus[]>()
})
