import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Docker from 'dockerode'
import { docker, dockerLines, labelled, until, useEngine } from '@burla/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { HostedRunner, RunnerHost } from '../runner-host.ts'
import { startDockerHost, type DockerHostOptions } from './docker-host.ts'

const engine = useEngine()
const image = 'node:24-bookworm-slim'
const lines: string[] = []
let sharedFolder = ''
let cluster = ''
let host: RunnerHost
beforeAll(async () => {
  sharedFolder = mkdtempSync(join(tmpdir(), 'burla-shared-'))
  cluster = engine.newProject()
  if (engine.answers) host = await startHost('node-a')
})
afterAll(async () => {
  if (engine.answers) await host.close()
  rmSync(sharedFolder, { recursive: true })
})

function startHost(nodeId: string, more: Partial<DockerHostOptions> = {}): Promise<RunnerHost> {
  return startDockerHost({
    docker: new Docker(),
    owner: { cluster, nodeId, agent: '' },
    image,
    cpus: 1,
    memoryGiB: 0.5,
    code: { Type: 'bind', Source: engine.codeFolder },
    shared: { Type: 'bind', Source: sharedFolder },
    reachable: () => Promise.resolve([]),
    say: (line) => lines.push(line),
    ...more,
  })
}

function startRunner(from: RunnerHost, wanted: string | null = null): Promise<HostedRunner> {
  const { signal } = new AbortController()
  return from.start({ image: wanted, slots: 1, rehearsal: null, signal, onLine: (line) => lines.push(line) })
}

const runners = (nodeId: string) => dockerLines('ps', '-aq', '--no-trunc', '--filter', `label=burla.node=${nodeId}`)
const inspect = async (id: string) => JSON.parse(await docker('inspect', id))[0] as Record<string, unknown>

test('P9 a runner is a container that may do nothing beyond its work', async () => {
  const runner = await startRunner(host)
  const [id = ''] = await runners('node-a')
  expect(await inspect(id)).toMatchObject({
    Config: { User: '1000:1000', Env: expect.arrayContaining(['HOME=/tmp']), OpenStdin: true, StdinOnce: true },
    HostConfig: {
      AutoRemove: true,
      Binds: null,
      CapAdd: null,
      CapDrop: ['ALL'],
      Init: true,
      LogConfig: { Type: 'none' },
      Memory: 512 * 1024 * 1024,
      MemorySwap: 512 * 1024 * 1024,
      NanoCpus: 1e9,
      NetworkMode: 'burla-node-a',
      PidsLimit: 4096,
      Privileged: false,
      ReadonlyRootfs: true,
      SecurityOpt: ['no-new-privileges:true'],
    },
  })
  const mounts = (await inspect(id))['Mounts'] as { Destination: string; RW: boolean }[]
  expect(Object.fromEntries(mounts.map(({ Destination, RW }) => [Destination, RW]))).toEqual({
    '/burla': false,
    '/shared': true,
  })
  const status = await docker('exec', id, 'cat', '/proc/1/status')
  expect(status).toMatch(/^Uid:\t1000\t/m)
  expect(status).toMatch(/^CapEff:\t0+$/m)
  expect(status).toMatch(/^NoNewPrivs:\t1$/m)
  await expect(docker('exec', id, 'touch', '/burla/x', '/etc/x', '/home/x')).rejects.toThrow(/Read-only file system/)
  await expect(docker('exec', id, 'ls', '/var/run/docker.sock')).rejects.toThrow(/No such file/)
  await runner.stop(5_000)
})

test('P8 a runner whose stdin closes ends by itself, and so does one that is killed; neither leaves anything', async () => {
  const [stopped, killed] = await Promise.all([startRunner(host), startRunner(host)])
  expect(await runners('node-a')).toHaveLength(2)
  expect(await stopped.stop(60_000)).toMatchObject({ code: 0 })
  expect(stopped.alive).toBe(false)
  expect(await killed.kill()).toMatchObject({ signal: null })
  expect(await runners('node-a')).toEqual([])
})

test('an image without Node, and one that cannot be had, are refused with the reason', async () => {
  await expect(startRunner(host, 'redis:7-bookworm')).rejects.toMatchObject({
    code: 'IMAGE_REFUSED',
    message: expect.stringMatching(/^the image redis:7-bookworm cannot be used: it has no program "node" on its PATH/),
  })
  // A registry that is nowhere: asked on a port of this machine where nobody listens.
  await expect(startRunner(host, '127.0.0.1:9/nobody/nothing:1')).rejects.toMatchObject({
    code: 'IMAGE_REFUSED',
    message: expect.stringMatching(/^the image 127\.0\.0\.1:9\/nobody\/nothing:1 cannot be used: .*connection refused/),
  })
  expect(await runners('node-a')).toEqual([])
})

test('a runner starts in an image with another Node', async () => {
  const runner = await startRunner(host, 'node:20-bookworm-slim')
  expect(runner.image).toBe('node:20-bookworm-slim')
  await runner.kill()
})

test('a runner is confined to what its job asks for, and never beyond its node', async () => {
  const runner = await startRunner(host)
  const [id = ''] = await runners('node-a')
  await runner.confine({ cpus: 0.25, memoryGiB: 0.25 })
  expect(await inspect(id)).toMatchObject({ HostConfig: { NanoCpus: 0.25e9, Memory: 256 * 1024 * 1024 } })
  await runner.confine({ cpus: 8, memoryGiB: 64 })
  expect(await inspect(id)).toMatchObject({ HostConfig: { NanoCpus: 0.25e9, Memory: 256 * 1024 * 1024 } })
  await runner.kill()
})

test('the network of a node has whom its runners must reach, also when that is made anew', async () => {
  const name = `${cluster}-answers`
  const start = () => docker('run', '-d', '--name', name, '--label', `burla.cluster=${cluster}`, image, 'sleep', '60')
  let id = await start()
  const near = await startHost('node-near', { reachable: () => Promise.resolve([{ id, aliases: ['redis'] }]) })
  const runner = await startRunner(near)
  const [runnerId = ''] = await runners('node-near')
  const resolves = () => docker('exec', runnerId, 'getent', 'hosts', 'redis')
  expect(await resolves()).toContain('redis')
  await docker('rm', '-f', name)
  id = await start()
  await until('the new one is in the network', async () => (await resolves()).includes('redis'), { timeoutMs: 20_000 })
  await runner.kill()
  await near.close()
  await docker('rm', '-f', name)
})

test('whoever does not run when the network of a node goes can start again: the engine may have ended with all of them', async () => {
  const name = `${cluster}-asleep`
  const id = await docker('run', '-d', '--name', name, '--label', `burla.cluster=${cluster}`, image, 'sleep', '60')
  const near = await startHost('node-brief', { reachable: () => Promise.resolve([{ id, aliases: ['redis'] }]) })
  await docker('kill', name)
  await near.close()
  expect(await labelled('burla.node=node-brief')).toEqual([])
  await docker('start', name)
  await docker('rm', '-f', name)
})

test('P8 what an agent that was killed has left is removed by the next agent of its cluster, and by nobody else', async () => {
  const owner = await docker('run', '-d', '--label', `burla.cluster=${cluster}`, image, 'sleep', '60')
  const dead = await startHost('node-dead', { owner: { cluster, nodeId: 'node-dead', agent: owner } })
  const runner = await startRunner(dead)
  await docker(
    'volume',
    'create',
    '--label',
    `burla.cluster=${cluster}`,
    '--label',
    'burla.node=node-dead',
    '--label',
    `burla.agent=${owner}`,
  )
  const belongings = () => labelled('burla.node=node-dead')
  expect(await belongings()).toHaveLength(3)

  const living = await startHost('node-living')
  expect(await belongings()).toHaveLength(3)
  await docker('rm', '-f', owner)
  const stranger = await startHost('node-stranger', {
    owner: { cluster: engine.newProject(), nodeId: 'node-stranger', agent: '' },
  })
  expect(await belongings()).toHaveLength(3)
  const next = await startHost('node-next')
  expect(await belongings()).toEqual([])
  await runner.exited
  await Promise.all([living.close(), stranger.close(), next.close(), dead.close()])
})
