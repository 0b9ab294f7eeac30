/** P8: what a job leaves in Redis when it is over, however it ended: its record and history, which expire, and no more. */
import { burla } from 'burla'
import { until } from '@burla/testkit'
import { askRedis } from '@burla/local-cluster'
import { expect, test } from 'vitest'
import { runProgram } from './run-program.ts'
import { useStaying } from './use-staying.ts'

const staying = useStaying({ nodes: 1, cpusPerNode: 2 })
const redisSays = async (...command: [string, ...string[]]) =>
  (await askRedis(staying.cluster.redis, [command]))[0] as string[]

const forever = () => new Promise((resolve) => setTimeout(resolve, 2 ** 30))
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

/** Each resolves when the job that it makes, named like it, is over for its caller. */
const ends: Record<string, () => Promise<unknown>> = {
  'all completed': async () => burla.map((n: number) => n, numbers(600), { name: 'all completed' }),
  'large values': async () =>
    burla.map((bytes: Buffer) => bytes, [Buffer.alloc(3_000_000), Buffer.alloc(3_000_000, 1)], {
      name: 'large values',
    }),
  'with retries, lines and a failure': async () =>
    burla.settle(
      (n: number) => {
        console.log(n)
        if (n % 3 === 0) throw new Error('no')
      },
      numbers(9),
      { name: 'with retries, lines and a failure', retries: 1, retryDelayMs: 1, maxParallelism: 1 },
    ),
  failed: async () =>
    expect(
      burla.map(
        (n: number) => {
          if (n === 5) throw new Error('five')
          return new Promise((resolve) => setTimeout(resolve, 2 ** 30))
        },
        [5, ...numbers(900)],
        { name: 'failed', batch: 1 },
      ),
    ).rejects.toThrow('five'),
  cancelled: async () => {
    const call = burla.map(forever, numbers(5), { name: 'cancelled' })
    await until(
      'it runs',
      async () =>
        (
          await burla
            .job(call.jobId)
            .status()
            .catch(() => undefined)
        )?.startedAt,
    )
    call.cancel()
    await expect(call).rejects.toThrow('cancelled')
  },
  left: async () => {
    for await (const { value } of burla.stream((n: number) => n, numbers(20_000), { name: 'left' }))
      if (value > 99) break
  },
  'submitted, kept no longer': async () => {
    const job = await burla.submit((n: number) => [n, Buffer.alloc(2_000_000)], numbers(3), {
      ...{ name: 'submitted, kept no longer', retentionMs: 500 },
    })
    await until('its results have expired', async () => {
      const { keptUntilAt } = await job.status()
      return keptUntilAt !== null && keptUntilAt < Date.now()
    })
  },
  'its program was killed': async () => {
    await using program = runProgram(
      `import { burla } from 'burla'
       await burla.map(() => { console.log('runs'); return new Promise((resolve) => setTimeout(resolve, 2 ** 30)) }, [1, 2, 3], { name: 'its program was killed' })`,
      staying.env,
    )
    await until('it runs', () => program.stdout.includes('runs'), { timeoutMs: 60_000 })
    program.signal('SIGKILL')
    await program.ended
    const [job] = (await burla.jobs()).filter(({ name }) => name === 'its program was killed')
    // As if the time had passed in which the cluster waits for it.
    await redisSays('DEL', `burla:v1:{${job?.id}}:client`)
  },
}

test.each(Object.keys(ends))('P8 a job that is over: %s', async (name) => {
  await ends[name]?.()
  const [job] = (await burla.jobs()).filter((one) => one.name === name)
  const { id = '' } = job ?? {}
  const expected = /:(record|counts|records|failures|lines)$/
  await until(
    'only what is kept of it is there',
    async () => {
      const keys = await redisSays('KEYS', `*${id}*`)
      if (keys.some((key) => !expected.test(key))) throw new Error(keys.join())
      const users = (await redisSays('ACL', 'LIST')).filter((user) => user.includes(id))
      if (users.length > 0) throw new Error(users.join())
      for (const key of keys) if (Number(await redisSays('PTTL', key)) < 0) throw new Error(`${key} does not expire`)
      return keys.includes(`burla:v1:{${id}}:record`)
    },
    { timeoutMs: 30_000 },
  )
})

test('P8 beside jobs that are over only what the cluster itself needs is there', async () => {
  const kept = /^burla:v1:\{[^}]+}:(record|counts|records|failures|lines)$/
  const known = /^burla:v1:(past-jobs|summaries|nodes|node:[\w-]+|fn:[0-9a-f]{64})$/
  const keys = await redisSays('KEYS', '*')
  // Each node has one job on which its runners rehearse, for as long as it lives.
  const rehearsals = new Set(keys.flatMap((key) => /\{(rehearsal-\w+)}/.exec(key)?.[1] ?? []))
  expect(rehearsals.size).toBe(1)
  const isRehearsal = (key: string) => [...rehearsals].some((id) => key.includes(id))
  expect(keys.filter((key) => !kept.test(key) && !known.test(key) && !isRehearsal(key))).toEqual([])
  for (const key of await redisSays('KEYS', 'burla:v1:fn:*')) {
    expect(Number(await redisSays('PTTL', key))).toBeGreaterThan(0)
  }
})
