/** P9: what a function reaches of its cluster: the jobs that it has started, and nothing beside or above them. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { burla } from 'burla'
import { inspectEmbedded } from 'burla/internal'
import { until } from '@burla/testkit'
import { expect, test } from 'vitest'
import { useEmbedded } from './use-embedded.ts'

const embedded = useEmbedded('file')
const forever = () => new Promise((resolve) => setTimeout(resolve, 2 ** 30))

/** What an attempt was answered with. */
const answer = (attempt: Promise<unknown>) =>
  attempt.then(
    () => 'done',
    (error: { code?: string }) => error.code,
  )

test('P9 a function cannot see or cancel another tree, the job that it is a call of, or that one’s other children', async () => {
  embedded.shape(2, 2)
  const stranger = burla.map(forever, [0], { name: 'stranger' })
  stranger.catch(() => undefined)
  mkdirSync(embedded.sharedDir, { recursive: true })
  writeFileSync(join(embedded.sharedDir, 'stranger'), stranger.jobId)
  const told = await burla.map(
    async (input) => {
      const { existsSync, readFileSync: read, writeFileSync: write } = await import('node:fs')
      const own = process.env['BURLA_JOB_ID'] ?? ''
      if (input === 'sibling') {
        const child = burla.map(forever, [0], { name: 'child' })
        child.catch(() => undefined)
        write('shared/child', child.jobId)
        while (!existsSync('shared/asked')) await new Promise((resolve) => setTimeout(resolve, 10))
        return []
      }
      while (!existsSync('shared/child')) {
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      // Inside a job below: its parent, its own, its parent's other child and another tree.
      const others = [own, read('shared/child', 'utf8'), read('shared/stranger', 'utf8')]
      const [answers] = await burla.map(
        async () => {
          const all: unknown[] = []
          for (const id of [...others, process.env['BURLA_JOB_ID'] ?? '']) {
            all.push(await answer(burla.job(id).status()), await answer(burla.job(id).cancel()))
          }
          return [...all, (await burla.jobs()).length]
        },
        [0],
        { name: 'asking' },
      )
      write('shared/asked', '')
      return answers
    },
    ['sibling', 'asks'],
    { name: 'parent', batch: 1 },
  )
  expect(told[1]).toEqual([...Array.from({ length: 8 }, () => 'JOB_UNKNOWN'), 0])
  expect(await burla.job(stranger.jobId).status()).toMatchObject({ state: 'running' })
  stranger.cancel()
})

test('P9 the token of a function opens neither credentials, nor what is the cluster’s, whatever is asked with it', async () => {
  const [said] = await burla.map(async () => {
    const { jobId, access } = Reflect.get(globalThis, Symbol.for('burla.inside')) as {
      jobId: string
      access: { api: { socketPath: string }; token: string }
    }
    const child = burla.map(() => 'x', [0])
    await child
    const { request } = await import('node:http')
    const ask = (method: string, path: string) =>
      new Promise<number | undefined>((resolve) => {
        const headers = { authorization: `Bearer ${access.token}` }
        request({ ...access.api, method, path, headers }, ({ statusCode }) => resolve(statusCode)).end()
      })
    return {
      own: await ask('POST', `/v1/jobs/${jobId}/credentials`),
      child: await ask('POST', `/v1/jobs/${child.jobId}/credentials`),
      functions: await ask('GET', `/v1/functions/${'0'.repeat(64)}`),
      cluster: await ask('GET', '/v1/cluster'),
      listed: await ask('GET', '/v1/jobs'),
    }
  }, [0])
  // Passwords are given to whoever makes a job, with the answer to that, and never again.
  expect(said).toEqual({ own: 403, child: 403, functions: 403, cluster: 403, listed: 200 })
})

test('P9 neither the environment, nor the arguments, nor what a slot was told has a secret of the cluster', async () => {
  const { token, redis } = await inspectEmbedded()
  const [seen] = await burla.map(async () => {
    const { readFileSync: read } = await import('node:fs')
    const files = ['self', String(process.ppid)].flatMap((pid) => [`/proc/${pid}/environ`, `/proc/${pid}/cmdline`])
    const told: unknown = Reflect.get(globalThis, Symbol.for('burla.inside'))
    return [JSON.stringify([process.env, process.argv, told]), ...files.map((file) => read(file, 'latin1'))]
  }, [0])
  expect(seen).toHaveLength(5)
  expect(seen?.[0]).toContain('"token":"job.')
  for (const text of seen ?? []) {
    for (const secret of [token, redis.password]) expect(text).not.toContain(secret)
  }
})

test('P9 the token of a job is good for nothing when the job is over', async () => {
  const [told] = await burla.map(
    () => (Reflect.get(globalThis, Symbol.for('burla.inside')) as { access: { token: string } }).access,
    [0],
  )
  const { api } = await inspectEmbedded()
  if (!('socketPath' in api)) throw new Error('the embedded cluster has a socket')
  const { request } = await import('node:http')
  const status = () =>
    new Promise((resolve) => {
      const headers = { authorization: `Bearer ${told?.token ?? ''}` }
      request({ ...api, path: '/v1/jobs', headers }, ({ statusCode }) => resolve(statusCode)).end()
    })
  expect(await until('it is refused', async () => (await status()) === 401)).toBe(true)
})
