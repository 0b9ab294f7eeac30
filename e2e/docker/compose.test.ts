/** `docker compose up`: a cluster in containers does what an embedded one does, and is gone without a trace. */
import { burla } from 'burla'
import { docker, labelled, projectLabels, until, useEngine } from '@burla/testkit'
import { expect, test } from 'vitest'
import { runProgram } from '../run-program.ts'
import { newCompose, up } from './compose-cluster.ts'
import { useCompose } from './use-compose.ts'

const engine = useEngine()
const cluster = useCompose()
const range = (count: number) => Array.from({ length: count }, (_, index) => index)
const left = async (project: string) => (await Promise.all(projectLabels(project).map(labelled))).flat()

test('a map runs on all nodes, in containers, and what it prints appears here', async () => {
  await using program = runProgram(
    `import { burla } from 'burla'
    const results = await burla.map(async (n: number) => {
      console.log('input', n)
      await new Promise((resolve) => setTimeout(resolve, 300))
      return [n * 2, process.env.BURLA_NODE_ID]
    }, [1, 2, 3, 4])
    console.log(JSON.stringify(results))`,
    cluster.env,
  )
  expect(await program.ended).toBe(0)
  const lines = program.stdout.trimEnd().split('\n')
  const results = JSON.parse(lines.at(-1) ?? '') as [number, string][]
  expect(results.map(([double]) => double)).toEqual([2, 4, 6, 8])
  expect(new Set(results.map(([, node]) => node)).size).toBe(2)
  expect(lines.slice(0, 4).toSorted()).toEqual(['[0] input 1', '[1] input 2', '[2] input 3', '[3] input 4'])
})

test('shared/ is one folder for the functions of all nodes', async () => {
  const names = await burla.map(async (n: number) => {
    const { readdirSync, writeFileSync } = process.getBuiltinModule('node:fs')
    writeFileSync(`shared/met-${process.env.BURLA_NODE_ID}`, String(n))
    const met = () => readdirSync('shared').filter((name) => name.startsWith('met-'))
    while (met().length < 2) await new Promise((resolve) => setTimeout(resolve, 20))
    return met().toSorted().join()
  }, range(2))
  expect(names[0]).toMatch(/^met-node-\S+,met-node-\S+$/)
  expect(names[1]).toBe(names[0])
})

/** Both nodes have one of two inputs: neither ends before the other has begun. */
async function together(round: string): Promise<string> {
  const { mkdirSync, readdirSync, writeFileSync } = process.getBuiltinModule('node:fs')
  mkdirSync(`shared/${round}`, { recursive: true })
  writeFileSync(`shared/${round}/${process.env.BURLA_NODE_ID}`, '')
  while (readdirSync(`shared/${round}`).length < 2) await new Promise((resolve) => setTimeout(resolve, 20))
  return process.env.BURLA_NODE_ID ?? ''
}

test('P9 nothing of a tree can be found by the next one on the node', async () => {
  const leave = async () => {
    const { spawn } = process.getBuiltinModule('node:child_process')
    const { writeFileSync } = process.getBuiltinModule('node:fs')
    spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' }).unref()
    const files = ['/tmp/secret-of-one', '/dev/shm/secret-of-one', 'secret-of-one']
    for (const file of files) writeFileSync(file, 'secret-of-one')
    console.log('secret-of-one')
    return together('leaving')
  }
  const find = async (round: string) => {
    const { execSync } = process.getBuiltinModule('node:child_process')
    const sh = (command: string) => execSync(`${command}; true`, { encoding: 'utf8' })
    const processes = sh('cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n"').split('\n')
    return {
      node: await together(round),
      files: sh('find / -xdev -name "secret-of-*" 2>/dev/null; find /tmp /dev/shm -name "secret-of-*" 2>/dev/null'),
      sleeping: processes.filter((line) => line === 'sleep'),
      secrets: processes.filter((line) => /password|BURLA_TOKEN|redis:\/\//i.test(line)),
    }
  }
  const nodes = await burla.map(leave, range(2))
  for (const round of ['first', 'second', 'third']) {
    for (const { node, ...found } of await burla.map(find, [round, round])) {
      expect(nodes).toContain(node)
      expect(found).toEqual({ files: '', sleeping: [], secrets: [] })
    }
  }
})

test('P9 no secret is in what the engine tells of a runner, nor in any log', async () => {
  const job = burla.map(async () => {
    await together('watched')
    await new Promise((resolve) => setTimeout(resolve, 3_000))
  }, range(2))
  await until('both calls run', async () => {
    const headers = { authorization: `Bearer ${cluster.env.BURLA_TOKEN}` }
    const answer = await fetch(`${cluster.env.BURLA_CLUSTER_URL}/v1/jobs/${job.jobId}`, { headers })
    const { inputs } = (await answer.json()) as { inputs?: { running: number } }
    return inputs?.running === 2
  })
  const [redis = ''] = await cluster.containers('redis')
  const password = await docker('exec', redis, 'cat', '/run/burla/redis-password')
  expect(password.length).toBeGreaterThan(20)
  // One that has ended between two questions has nothing to tell.
  const tell = (id: string) =>
    Promise.all([docker('inspect', id), docker('top', id, '-eo', 'pid,args')]).catch(() => [])
  const runners = (await Promise.all((await cluster.runners()).map(tell))).flat()
  expect(runners.length).toBeGreaterThanOrEqual(4)
  const logs = [await cluster.compose('logs', 'redis', 'node')]
  for (const text of [...runners, ...logs]) expect(text).not.toContain(cluster.env.BURLA_TOKEN)
  for (const text of [...runners, ...logs, await cluster.compose('logs', 'api')]) expect(text).not.toContain(password)
  await job
})

test('P9 a runner reaches Redis, the api and the outside, but no runner of another node', async () => {
  const listen = burla.map(async () => {
    const { createServer } = process.getBuiltinModule('node:net')
    const { networkInterfaces } = process.getBuiltinModule('node:os')
    const { existsSync, mkdirSync, readdirSync, writeFileSync } = process.getBuiltinModule('node:fs')
    const { connect } = process.getBuiltinModule('node:net')
    const own =
      Object.values(networkInterfaces())
        .flat()
        .find((each) => !each?.internal)?.address ?? ''
    const server = createServer((socket) => socket.end('reached')).listen(4321)
    const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
    mkdirSync('shared/addresses', { recursive: true })
    writeFileSync(`shared/addresses/${own}`, '')
    while (readdirSync('shared/addresses').length < 2) await wait(20)
    const reach = (host: string, port: number) =>
      new Promise<boolean>((resolve) => {
        const socket = connect({ host, port })
        socket.setTimeout(1_500, () => socket.destroy())
        socket.on('connect', () => resolve(true) as never)
        socket.on('error', () => undefined)
        socket.on('close', () => resolve(false))
      })
    const reached: Record<string, boolean> = { redis: await reach('redis', 6379), api: await reach('api', 5001) }
    for (const host of readdirSync('shared/addresses'))
      reached[host === own ? 'itself' : 'the other'] = await reach(host, 4321)
    writeFileSync(`shared/addresses-done-${own}`, '')
    while (readdirSync('shared').filter((name) => name.startsWith('addresses-done-')).length < 2) await wait(20)
    server.close()
    return { ...reached, socket: existsSync('/var/run/docker.sock') }
  }, range(2))
  const expected = { redis: true, api: true, itself: true, 'the other': false, socket: false }
  expect(await listen).toEqual([expected, expected])
})

test('without the token nothing answers, on any published port', async () => {
  for (const path of ['/v1/jobs', '/v1/nodes', '/docs', '/', '/nothing']) {
    const { status } = await fetch(`${cluster.env.BURLA_CLUSTER_URL}${path}`)
    expect({ path, status }).toEqual({ path, status: 401 })
  }
  const [redis = ''] = await cluster.containers('redis')
  expect(await docker('exec', redis, 'redis-cli', 'ping')).toContain('NOAUTH')
  const published = await docker(
    'ps',
    '--filter',
    `label=com.docker.compose.project=${cluster.project}`,
    '--format',
    '{{.Ports}}',
  )
  expect(published.match(/\S+->/g)).toHaveLength(2)
  expect(published.match(/127\.0\.0\.1:\d+->/g)).toHaveLength(2)
})

test('a port that is taken is named in one sentence', async () => {
  const { port } = new URL(cluster.env.BURLA_CLUSTER_URL)
  const late = await newCompose(engine.newProject(), { settings: { BURLA_PORT: port } })
  const taken = new RegExp(`^.*127\\.0\\.0\\.1:${port}.*(already allocated|already in use).*$`, 'm')
  await expect(up(late)).rejects.toThrow(taken)
  await late.compose('down', '-v')
})

test('P8 down leaves nothing, also when a job is running; a project beside it does not notice', async () => {
  const other = await newCompose(engine.newProject())
  await up(other, { nodes: 1 })
  await using program = runProgram(
    `import { burla } from 'burla'
    await burla.map(() => { console.log('busy'); for (;;); }, [0])`,
    other.env,
  )
  await until('the job runs', () => program.stdout.includes('busy'))
  expect((await left(other.project)).length).toBeGreaterThan(5)
  const beside = burla.map(async (n: number) => {
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    return n + 1
  }, range(6))
  await other.compose('down', '-v')
  expect(await left(other.project)).toEqual([])
  expect(await beside).toEqual(range(6).map((n) => n + 1))
})
