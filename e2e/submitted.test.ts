/** Jobs that outlive their program: submitted, left alone, and collected by others. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { burla, BurlaError, CancelledError, type JobStatus, type SubmittedJob } from 'burla'
import { kill9, until } from '@burla/testkit'
import { expect, test } from 'vitest'
import { recorded, recordExecutions } from './executions.ts'
import { runProgram } from './run-program.ts'
import { useStaying } from './use-staying.ts'

const staying = useStaying({ nodes: 2, cpusPerNode: 1 })

/** A program starts, on a machine that may have much else to do. */
const starting = { timeoutMs: 60_000 }

const range = (count: number) => Array.from({ length: count }, (_, index) => index)
const ascending = (a: number, b: number) => a - b
const starts = (name: string) => staying.sharedLines(name).map(Number)

async function untilState(job: Pick<SubmittedJob, 'status'>, state: JobStatus['state']): Promise<JobStatus> {
  return until(`the job is ${state}`, async () => {
    const status = await job.status()
    if (status.state !== state) throw new Error(JSON.stringify(status))
    return status
  })
}

/** Each input notes that it ran; those from 3 on wait until they may end. */
const submitting = `
import { burla } from 'burla'
const job = await burla.submit(
  async (n) => {
    const { appendFileSync, existsSync } = process.getBuiltinModule('node:fs')
    appendFileSync('shared/ran', n + '\\n')
    console.log('input ' + n)
    while (n >= 3 && !existsSync('shared/go')) await new Promise((resolve) => setTimeout(resolve, 20))
    if (n === 5) throw new RangeError('five')
    return n * 2
  },
  (async function* () { for (let n = 0; n < 8; n++) yield n })(),
  { name: 'outliving' },
)
console.log('submitted ' + job.id)
setInterval(() => undefined, 1000)
`

test('P10 a program that submitted is killed: others collect the results, twice, in order, and no input ran twice', async () => {
  await using program = runProgram(submitting, staying.env)
  const id = await until('the job is submitted', () => /submitted (\S+)/.exec(program.stdout)?.[1], starting)
  await until('two inputs wait', () => starts('ran').length === 5, starting)
  await until(
    'their lines are there',
    async () => (await redisSays('HGET', `burla:v1:{${id}}:counts`, 'lines')) === '5',
  )
  const before = starts('ran')
  program.signal('SIGKILL')
  expect(await program.ended).toBe('SIGKILL')

  await using other = runProgram(
    `import { burla } from 'burla'
     const job = burla.job('${id}')
     const settled = await job.settled()
     console.log(JSON.stringify(settled.map((one) => one.value ?? one.reason.message)))
     console.log(JSON.stringify((await job.settled()).map((one) => one.index)))`,
    staying.env,
  )
  const here = burla.job<number>(id)
  const streaming = (async () => {
    const seen: number[] = []
    for await (const { index, status } of here.stream()) if (status === 'fulfilled') seen.push(index)
    return seen
  })()
  await until(
    'the other program reads',
    async () => {
      const list = String(await redisSays('CLIENT', 'LIST'))
      return list.split('\n').filter((line) => line.includes(`name=burla-reader-${id}`)).length === 2
    },
    starting,
  )
  writeFileSync(join(staying.cluster.sharedDir, 'go'), '')
  expect(await other.ended).toBe(0)
  expect(other.stdout).toContain('[0,2,4,6,8,"five",12,14]')
  expect(other.stdout).toContain('[0,1,2,3,4,5,6,7]')
  // Live lines, each once, though it has read the job twice; and none of before it looked.
  const later = range(8).filter((n) => !before.includes(n))
  expect(other.stdout.match(/\[\d] input \d/g)?.sort()).toEqual(later.map((n) => `[${n}] input ${n}`))
  const seen = await streaming
  expect(seen.toSorted(ascending)).toEqual([0, 1, 2, 3, 4, 6, 7])
  expect(seen.slice(0, 3).toSorted(ascending)).toEqual([0, 1, 2])
  await expect(here.results()).rejects.toMatchObject({ name: 'RangeError', message: 'five', inputIndex: 5 })
  expect(starts('ran').toSorted(ascending)).toEqual(range(8))
  expect(await here.status()).toMatchObject({
    ...{ id, kind: 'submitted', name: 'outliving', state: 'completed', reason: null },
    inputs: { known: 8, waiting: 0, running: 0, completed: 7, failed: 1 },
  })
})

test('P10 a program that dies before all its inputs are stored takes the job with it, and the job says why', async () => {
  await using program = runProgram(
    `import { burla } from 'burla'
     async function* endless() { for (let n = 0; ; n++) { yield n; await new Promise((resolve) => setTimeout(resolve, 5)) } }
     await burla.submit((n) => n, endless(), { name: 'half' })`,
    staying.env,
  )
  const running = async () => (await burla.jobs()).find(({ name, inputs }) => name === 'half' && inputs.completed > 0)
  const half = await until('the job has results', running, starting)
  program.signal('SIGKILL')
  await program.ended
  // As if the time had passed in which the cluster waits for it.
  await until('its client is given up', async () => (await redisSays('DEL', `burla:v1:{${half.id}}:client`)) === 1)
  const status = await untilState(burla.job(half.id), 'cancelled')
  expect(status.reason).toMatch(/^its client is gone: .*, before all its inputs were stored$/)
  await expect(burla.job(half.id).settled()).rejects.toThrow(status.reason!)
})

test('P1 a kill -9 of Redis while nobody is attached loses nothing and runs nothing twice', async () => {
  using log = recordExecutions()
  const job = await burla.submit(
    recorded,
    range(40).map(() => ({ file: log.file, ms: 50 })),
  )
  await until('some have run', () => log.starts().size > 5)
  kill9(staying.cluster.pids.redis!)
  expect(await job.results()).toEqual(range(40).map((n) => n * 2))
  expect([...log.starts().values()]).toEqual(range(40).map(() => 1))
})

test('P2 a kill of a node and of the api while nobody is attached: only what ran there runs again', async () => {
  using log = recordExecutions()
  const job = await burla.submit(
    recorded,
    range(40).map(() => ({ file: log.file, ms: 100 })),
  )
  await until('some have run on both nodes', () => new Set(log.all().map(({ nodeId }) => nodeId)).size === 2)
  const { agents, api } = staying.cluster.pids
  kill9(agents[0]!)
  kill9(api)
  expect(await job.results()).toEqual(range(40).map((n) => n * 2))
  const again = [...log.starts()].filter(([, count]) => count > 1)
  expect(again.length).toBeLessThanOrEqual(1)
  expect(log.starts().size).toBe(40)
})

test('P1 a reader goes on across a kill -9 of Redis', async () => {
  const job = await burla.submit(async (n: number) => {
    await new Promise((resolve) => setTimeout(resolve, 50))
    return n
  }, range(30))
  const seen: number[] = []
  for await (const { index } of job.stream()) {
    seen.push(index)
    if (seen.length === 10) kill9(staying.cluster.pids.redis!)
  }
  expect(seen.toSorted(ascending)).toEqual(range(30))
})

test('no inputs give a job that is completed at once', async () => {
  const job = await burla.submit((n: number) => n, [])
  expect(await job.status()).toMatchObject({ state: 'completed', inputs: { known: 0, completed: 0 } })
  expect(await job.results()).toEqual([])
  expect(await job.settled()).toEqual([])
})

test('results() rejects with the failure of the lowest index as soon as that is certain; settled() has them all', async () => {
  const job = await burla.submit(
    async (n: number) => {
      const { existsSync } = process.getBuiltinModule('node:fs')
      while (n === 3 && !existsSync('shared/go')) await new Promise((resolve) => setTimeout(resolve, 20))
      if (n === 1 || n === 2) throw new TypeError(`failed: ${n}`)
      return n
    },
    range(4),
    { maxParallelism: 1, batch: 1 },
  )
  const lowest = await job.results().catch((error: unknown) => error)
  expect(lowest).toMatchObject({ name: 'TypeError', message: 'failed: 1', inputIndex: 1 })
  expect((lowest as Error).stack).toContain('submitted.test.ts')
  expect(await job.status()).toMatchObject({ state: 'running' })
  writeFileSync(join(staying.cluster.sharedDir, 'go'), '')
  const settled = await job.settled()
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
})

test('cancel() kills what runs, and every reader is told after the results so far', async () => {
  const job = await burla.submit(
    async (n: number) => {
      process.getBuiltinModule('node:fs').writeFileSync(`shared/${n}`, String(process.pid))
      if (n > 0) for (;;);
      return n
    },
    range(3),
    { batch: 1 },
  )
  const pids = await until('two calls spin', () => {
    const seen = [1, 2].flatMap((n) => staying.sharedLines(String(n)).map(Number))
    return seen.length === 2 && seen
  })
  const waiting = job.results().catch((error: unknown) => error)
  await job.cancel()
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  expect(await waiting).toBeInstanceOf(CancelledError)
  expect(await job.status()).toMatchObject({ state: 'cancelled', reason: 'it was cancelled with job.cancel()' })
  const seen: unknown[] = []
  await expect(
    (async () => {
      for await (const outcome of burla.job(job.id).stream()) seen.push(outcome.index)
    })(),
  ).rejects.toThrow(`job ${job.id} was cancelled: it was cancelled with job.cancel()`)
  expect(seen).toEqual([0])
  await job.cancel()
})

test('a signal and an exception in the iterable end the job before it is submitted, and it says why', async () => {
  const controller = new AbortController()
  async function* endless() {
    for (let n = 0; ; n++) {
      yield n
      if (n === 10) controller.abort(new Error('enough'))
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  const stopped = burla.submit((n: number) => n, endless(), { signal: controller.signal, name: 'stopped' })
  await expect(stopped).rejects.toMatchObject({ name: 'CancelledError', cause: new Error('enough') })
  const broken = burla.submit(
    (n: number) => n,
    (async function* () {
      yield 1
      await until('the job is there', async () => (await burla.jobs()).some(({ name }) => name === 'broken'))
      throw new RangeError('no more')
    })(),
    { name: 'broken' },
  )
  await expect(broken).rejects.toThrow(new RangeError('no more'))
  await until('both are over', async () => {
    const jobs = await burla.jobs()
    const reasonOf = (name: string) => jobs.find((job) => job.name === name && job.finishedAt !== null)?.reason
    expect(reasonOf('stopped')).toBe('it was cancelled by its signal before all its inputs were stored')
    expect(reasonOf('broken')).toBe('not all its inputs were stored: RangeError: no more')
    return true
  })
})

test('leaving the waiting leaves the job alone', async () => {
  const job = await burla.submit(async (n: number) => {
    const { existsSync } = process.getBuiltinModule('node:fs')
    while (n > 0 && !existsSync('shared/go')) await new Promise((resolve) => setTimeout(resolve, 20))
    return n
  }, range(3))
  for await (const { index } of job.stream()) {
    expect(index).toBe(0)
    break
  }
  const controller = new AbortController()
  const waiting = job.results({ signal: controller.signal })
  controller.abort(new Error('no patience'))
  await expect(waiting).rejects.toThrow('no patience')
  await expect(job.settled({ signal: AbortSignal.abort() })).rejects.toThrow('aborted')
  writeFileSync(join(staying.cluster.sharedDir, 'go'), '')
  expect(await job.results()).toEqual([0, 1, 2])
})

test('P6 retention ends when it says: then results are refused, and only the record is left', async () => {
  const job = await burla.submit((n: number) => n, [1], { retentionMs: 4_000 })
  expect(await job.results()).toEqual([1])
  const { keptUntilAt } = await untilState(job, 'completed')
  const until_ = new Date(keptUntilAt!).toISOString()
  const refused = await until('its results have expired', () =>
    job.results().then(
      () => false,
      (error: unknown) => error,
    ),
  )
  expect(refused).toBeInstanceOf(BurlaError)
  expect(refused).toMatchObject({
    code: 'RESULTS_EXPIRED',
    message: `the results of job ${job.id} were kept until ${until_}; submit it again, with a larger retentionMs`,
  })
  expect(Date.now()).toBeGreaterThanOrEqual(keptUntilAt!)
  await until('the rest has gone', async () => {
    expect(await redisSays('KEYS', `burla:v1:{${job.id}}:*`)).toEqual([`burla:v1:{${job.id}}:record`])
    expect(await redisSays('ACL', 'USERS')).not.toContain(`job-${job.id}`)
    return true
  })
  expect(await job.status()).toMatchObject({ state: 'completed', keptUntilAt, inputs: { completed: 1 } })
})

test('P6 results over the limit end the job as failed; those so far stay readable', async () => {
  const job = await burla.submit(
    async (n: number) => {
      const { existsSync } = process.getBuiltinModule('node:fs')
      while (n > 0 && !existsSync('shared/go')) await new Promise((resolve) => setTimeout(resolve, 20))
      return 'x'.repeat(1_000)
    },
    range(10),
    { batch: 1 },
  )
  await redisSays('HSET', `burla:v1:{${job.id}}:record`, 'keptBytes', '3000')
  writeFileSync(join(staying.cluster.sharedDir, 'go'), '')
  const { reason } = await untilState(job, 'failed')
  expect(reason).toMatch(
    /^its results are over .* MiB, the most that a submitted job keeps; let the function write large/,
  )
  const seen: number[] = []
  await expect(
    (async () => {
      for await (const { index } of job.stream()) seen.push(index)
    })(),
  ).rejects.toMatchObject({ code: 'JOB_FAILED', message: `job ${job.id} failed: ${reason}` })
  expect(seen.length).toBeGreaterThanOrEqual(1)
  expect(seen.length).toBeLessThanOrEqual(3)
  expect((await burla.jobs({ state: 'failed', limit: 1 }))[0]).toMatchObject({ id: job.id, reason })
})

test('whoever waits may have a progress line', async () => {
  const job = await burla.submit((n: number) => n, range(3), { name: 'watched' })
  await using program = runProgram(
    `import { burla } from 'burla'
     await burla.job('${job.id}').results({ progress: true })
     for await (const _ of burla.job('${job.id}').stream({ progress: true })) break`,
    staying.env,
  )
  expect(await program.ended).toBe(0)
  expect(program.stderr).toMatch(/^watched {2}completed: 3\/3 in \d.*\nwatched {2}left: 3\/3 in \d.*\n$/)
})

test('an attached job has a status, and keeps its results to its program', async () => {
  const attached = burla.map(async () => {
    const { existsSync } = process.getBuiltinModule('node:fs')
    while (!existsSync('shared/go')) await new Promise((resolve) => setTimeout(resolve, 20))
  }, [1])
  const job = burla.job(attached.jobId)
  const { kind } = await until('it is there', () => job.status().catch(() => undefined))
  expect(kind).toBe('attached')
  await expect(job.results()).rejects.toMatchObject({ code: 'JOB_ATTACHED' })
  const other = attached.catch((error: unknown) => error)
  await job.cancel()
  expect(await other).toMatchObject({ code: 'JOB_CANCELLED', message: expect.stringContaining('job.cancel()') })
})

test('a job that is not there, or cannot be, is named in one sentence', async () => {
  expect(() => burla.job('nonsense')).toThrow(expect.objectContaining({ code: 'JOB_UNKNOWN' }))
  expect(() => burla.job('nonsense')).toThrow(
    /^"nonsense" is not the id of a job; ids look like .*, and burla\.jobs\(\)/,
  )
  const job = burla.job('word-count-8f3kq2mz9w')
  await expect(job.stream().next()).rejects.toThrow(/^there is no job/)
  for (const ask of ['results', 'settled', 'status', 'cancel'] as const) {
    await expect(job[ask]()).rejects.toMatchObject({
      code: 'JOB_UNKNOWN',
      message: expect.stringMatching(/^there is no job word-count-8f3kq2mz9w on this cluster; burla\.jobs\(\) lists/),
    })
  }
})

test('nodes and the cluster say how they are', async () => {
  const nodes = await until('two nodes are idle', async () => {
    const idle = (await burla.nodes()).filter(({ state }) => state === 'idle')
    return idle.length === 2 && idle
  })
  expect(nodes[0]).toMatchObject({ cpus: 1, provider: 'process', running: 0, jobId: null, fault: null })
  const { cpus, ...status } = await burla.cluster.status()
  expect(status).toMatchObject({ state: 'up', address: staying.cluster.api.url, nodes: { idle: 2 }, jobs: {} })
  expect(cpus).toBeGreaterThanOrEqual(2)
})

async function redisSays(...command: [string, ...string[]]): Promise<unknown> {
  const { askRedis } = await import('@burla/local-cluster')
  return (await askRedis(staying.cluster.redis, [command]))[0]
}
