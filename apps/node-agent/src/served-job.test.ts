/** Of a job with packages: what happens before its runner gets it. Redis is real, the runner only says what it is sent. */
import { connectRedis, claim, createJob, putFunction, readJob, type Redis } from '@burla/queue'
import type { Claim, JobId, LayerManifest, LayerPlatform } from '@burla/protocol'
import { someJob, until, useRedis } from '@burla/testkit'
import { createHash } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BurlaError } from '@burla/protocol'
import type { HostedRunner } from './hosts/runner-host.ts'
import type { Layers } from './layers/layers.ts'
import { serveJob, type ServedJob } from './served-job.ts'

const server = useRedis()
let redis: Redis
beforeEach(() => {
  redis = connectRedis({ address: server.address, password: server.password, name: 'test' })
})
afterEach(() => redis.disconnect())

const clusterKey = 'a key'
const platform: LayerPlatform = { os: 'linux', cpu: 'x64', libc: 'glibc', abi: '137' }
const manifest: LayerManifest = { packages: [], also: ['sharp@0.34.5'], folders: { '/there': '' } }

/** A layer that is there when `finish` says so. */
function layersInHand() {
  let finish: (root: string | Error) => void = () => undefined
  let asked = 0
  const layers: Layers = {
    have(wanted, onInstall) {
      asked++
      expect(wanted).toMatchObject({ manifest, platform, image: null })
      onInstall('sharp@0.34.5')
      return new Promise((resolve, reject) => {
        finish = (end) => (typeof end === 'string' ? resolve(end) : reject(end))
      })
    },
  }
  return { layers, asked: () => asked, finish: (end: string | Error) => finish(end) }
}

async function serve(
  layers: Layers | undefined,
): Promise<{ job: ServedJob; jobId: JobId; sent: Record<string, unknown>[] }> {
  const bytes = Buffer.from(JSON.stringify(manifest))
  const layer = createHash('sha256').update(bytes).digest('hex')
  await putFunction(redis, layer, bytes)
  const spec = someJob({ layer })
  await createJob(redis, clusterKey, spec)
  const claimed: Claim = { nodeId: 'n', state: 'active', slots: 1, runnerId: null, claimedAt: Date.now() }
  expect(await claim(redis, spec.id, claimed)).toBe(true)
  const sent: Record<string, unknown>[] = []
  const runner = {
    image: null,
    platform,
    alive: true,
    exited: new Promise<never>(() => undefined),
    send: (message: Record<string, unknown>) => sent.push(message),
  } as unknown as HostedRunner
  const job = serveJob({
    ...{ redis, clusterKey, layers, runner, address: server.address, api: { socketPath: '' }, jobId: spec.id },
    ...{ claim: claimed, slots: 1, cpus: 1, folder: '', sharedDir: '', work: { ...spec, codec: 1, layer } },
    ...{ servedMs: () => 0, say: () => undefined, onChange: () => undefined },
  })
  return { job, jobId: spec.id, sent }
}

const statusOf = async (jobId: JobId) => (await readJob(redis, jobId)) ?? { state: 'gone', reason: null, nodes: 0 }

test('its runner gets it when the packages are there, with where they are; until then the job says what it waits for', async () => {
  const { layers, finish } = layersInHand()
  const { job, jobId, sent } = await serve(layers)
  await until('it says so', async () => (await statusOf(jobId)).reason === 'installing sharp@0.34.5 on node n')
  expect(sent).toEqual([])
  finish('/layers/key')
  await until('it is sent', () => sent.length === 1)
  expect(sent[0]).toMatchObject({ type: 'serve', jobId, layer: { root: '/layers/key', folders: { '/there': '' } } })
  await until('it waits for nothing', async () => (await statusOf(jobId)).reason === null)
  job.heard({ type: 'served', end: 'finished' })
  await job.released
})

test('P7 an installation that fails ends the job with its words', async () => {
  const { layers, finish, asked } = layersInHand()
  const { job, jobId, sent } = await serve(layers)
  await until('it is asked for', () => asked() === 1)
  finish(new BurlaError('JOB_FAILED', 'no such version of sharp'))
  expect(await job.released).toBeUndefined()
  expect(await statusOf(jobId)).toMatchObject({ state: 'failed', reason: 'no such version of sharp', nodes: 0 })
  expect(sent).toEqual([])
})

test('P7 what fails for other reasons counts as a start that failed, and the job may be served again', async () => {
  const { layers, finish, asked } = layersInHand()
  const { job, jobId } = await serve(layers)
  await until('it is asked for', () => asked() === 1)
  finish(new Error('no space left'))
  expect(await job.released).toBe('its packages: no space left')
  expect(await statusOf(jobId)).toMatchObject({ state: 'waiting', reason: null, nodes: 0 })
})

test.each(['cancel', 'drain'] as const)(
  'a %s does not wait for the installation, and the runner never gets the job',
  async (way) => {
    const { layers, finish, asked } = layersInHand()
    const { job, jobId, sent } = await serve(layers)
    await until('it is asked for', () => asked() === 1)
    job[way]()
    expect(await job.released).toBeUndefined()
    finish('/layers/key')
    expect((await statusOf(jobId)).nodes).toBe(0)
    expect(sent).toEqual([])
  },
)

test('where runners see the packages of the caller, nothing is installed', async () => {
  const { job, sent } = await serve(undefined)
  expect(sent).toMatchObject([{ type: 'serve', layer: null }])
  job.heard({ type: 'served', end: 'finished' })
  await job.released
})
