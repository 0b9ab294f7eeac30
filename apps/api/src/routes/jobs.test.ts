import { randomBytes } from 'node:crypto'
import type { JobCredentials, JobSpec, JobStatus } from '@burla/protocol'
import { connectRedis, sayAlive } from '@burla/queue'
import { beforeEach, describe, expect, test } from 'vitest'
import { functionBytes, sha256, someSpec, useApi } from '../fixtures/use-api.ts'

const api = useApi()

beforeEach(async () => {
  await api.ask('PUT', `/v1/functions/${sha256(functionBytes)}`, functionBytes)
})

async function makeJob(changes: Partial<JobSpec> = {}): Promise<{ spec: JobSpec; credentials: JobCredentials }> {
  const spec = someSpec(changes)
  const { status, body } = await api.ask('POST', '/v1/jobs', spec)
  expect(status).toBe(201)
  return { spec, ...(body as { credentials: JobCredentials }) }
}

describe('POST /v1/jobs', () => {
  test('makes a job that is there to read', async () => {
    const { spec } = await makeJob()
    const { status, body } = await api.ask('GET', `/v1/jobs/${spec.id}`)
    expect(status).toBe(200)
    expect(body).toMatchObject({ id: spec.id, name: 'doubling', state: 'waiting', inputs: { known: 3, completed: 0 } })
  })

  test("P9 gives a Redis user that reaches the job's own keys and nothing else", async () => {
    const { spec, credentials } = await makeJob()
    const other = await makeJob()
    const { username, password, redis: address } = credentials
    const own = connectRedis({ address, username, password, name: 'client' })
    try {
      expect(await own.hget(`burla:v1:{${spec.id}}:record`, 'name')).toBe('doubling')
      await expect(own.hget(`burla:v1:{${other.spec.id}}:record`, 'name')).rejects.toThrow('NOPERM')
      await expect(own.smembers('burla:v1:jobs')).rejects.toThrow('NOPERM')
    } finally {
      own.disconnect()
    }
  })

  test('asked twice, because the first reply was lost, gives the same answer and one job', async () => {
    const { spec, credentials } = await makeJob()
    expect(await api.ask('POST', '/v1/jobs', spec)).toEqual({ status: 201, body: { credentials } })
    expect((await api.ask('GET', '/v1/jobs')).body).toMatchObject({ jobs: [{ id: spec.id }] })
  })

  test('asked twice gives the same answer also when the function and the large node have gone', async () => {
    const { spec, credentials } = await makeJob()
    await api.redis.del(`burla:v1:fn:${spec.functionDigest}`)
    expect(await api.ask('POST', '/v1/jobs', spec)).toEqual({ status: 201, body: { credentials } })
  })

  test('of another function under the same id is a conflict', async () => {
    const { spec } = await makeJob()
    const bytes = Buffer.from('(x) => x * 3')
    await api.ask('PUT', `/v1/functions/${sha256(bytes)}`, bytes)
    expect(await api.ask('POST', '/v1/jobs', { ...spec, functionDigest: sha256(bytes) })).toMatchObject({
      status: 409,
      body: { error: { code: 'JOB_CONFLICT', message: expect.stringContaining(spec.id) } },
    })
  })

  test('of a function that was not sent yet says where to send it', async () => {
    const functionDigest = sha256('another')
    expect(await api.ask('POST', '/v1/jobs', someSpec({ functionDigest }))).toMatchObject({
      status: 404,
      body: {
        error: { code: 'FUNCTION_UNKNOWN', message: expect.stringContaining(`/v1/functions/${functionDigest}`) },
      },
    })
  })
})

describe('the list of packages of a job', () => {
  const put = async (text: string): Promise<string> => {
    const bytes = Buffer.from(text)
    expect((await api.ask('PUT', `/v1/functions/${sha256(bytes)}`, bytes)).status).toBe(204)
    return sha256(bytes)
  }
  const listOf = (content: string) => {
    const own = { at: 'linked/own', name: 'own', version: '1.0.0', needs: {}, content }
    return JSON.stringify({ packages: [own], also: [], folders: {} })
  }

  test('is asked for when it, or the files of one of them, was not sent yet', async () => {
    const unsent = someSpec({ layer: sha256('unsent') })
    expect(await api.ask('POST', '/v1/jobs', unsent)).toMatchObject({ body: { error: { code: 'FUNCTION_UNKNOWN' } } })
    const layer = await put(listOf(sha256('files')))
    const half = someSpec({ layer })
    expect(await api.ask('POST', '/v1/jobs', half)).toMatchObject({ body: { error: { code: 'FUNCTION_UNKNOWN' } } })
    await put('files')
    expect(await api.ask('POST', '/v1/jobs', half)).toMatchObject({ status: 201 })
  })

  test.each([
    'no json',
    '{}',
    '{"packages":[{"at":"../up","name":"up","version":"1.0.0","needs":{}}],"also":[],"folders":{}}',
    '{"packages":[{"at":"node_modules/a","name":"a","version":"git+ssh://x","needs":{}}],"also":[],"folders":{}}',
    '{"packages":[{"at":"node_modules/a","name":"a","version":"1.0.0","needs":{"b":"file:/"}}],"also":[],"folders":{}}',
    '{"packages":[],"also":["a@https://x"],"folders":{}}',
    '{"packages":[],"also":[],"folders":{"/x":"/etc"}}',
  ])('that is %s is refused', async (text) => {
    expect(await api.ask('POST', '/v1/jobs', someSpec({ layer: await put(text) }))).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringContaining('the list of the packages of a function cannot be used') } },
    })
  })
})

describe('more CPUs than any node has', () => {
  const spec = () => someSpec({ call: { ...someSpec().call, cpus: 64 } })
  const node = {
    state: 'idle',
    memoryGiB: 8,
    jobId: null,
    warm: true,
    containers: false,
    rehearsalId: null,
    running: 0,
    fault: null,
    provider: 'process',
    startedAt: 0,
  } as const

  test('are refused, naming what there is', async () => {
    await sayAlive(api.redis, { id: 'node-1', cpus: 1, ...node })
    await sayAlive(api.redis, { id: 'node-2', cpus: 2, ...node })
    expect(await api.ask('POST', '/v1/jobs', spec())).toEqual({
      status: 422,
      body: { error: { code: 'NO_CAPACITY', message: 'a call needs 64 CPUs, and the largest node has 2' } },
    })
  })

  test('are waited for while no node is known', async () => {
    expect(await api.ask('POST', '/v1/jobs', spec())).toMatchObject({ status: 201 })
  })
})

describe('a body that is not a job', () => {
  const call = someSpec().call
  const bad: [string, object, string][] = [
    ['without a field', { ...someSpec(), name: undefined }, 'body.name is missing'],
    ['with an unknown field', { ...someSpec(), nmae: 'x' }, 'body.nmae does not exist'],
    ['with an unknown option', { ...someSpec(), call: { ...call, timout: 1 } }, 'body.call.timout does not exist'],
    ['without a CPU', { ...someSpec(), call: { ...call, cpus: 0 } }, 'body.call.cpus must be > 0'],
    ['with text for a number', { ...someSpec(), call: { ...call, retries: '1' } }, 'body.call.retries must be integer'],
    ['with an id of another shape', { ...someSpec(), id: 'a}:{b' }, 'body.id must be a job id'],
    ['with half an input', { ...someSpec(), known: 1.5 }, 'body.known must be integer'],
    [
      'with a variable that is no text',
      { ...someSpec(), call: { ...call, env: { 'MY-VAR': 1 } } },
      'body.call.env["MY-VAR"] must be string',
    ],
    [
      'with a variable that cannot be set',
      { ...someSpec(), call: { ...call, env: { 'A=B': '' } } },
      'body.call.env has a name that cannot be used: "A=B"',
    ],
  ]
  test.each(bad)('%s is refused and the fault is named', async (_, body, message) => {
    expect(await api.ask('POST', '/v1/jobs', body)).toEqual({
      status: 400,
      body: { error: { code: 'OPTION_INVALID', message } },
    })
  })

  test('but any bytes is refused', async () => {
    expect(await api.ask('POST', '/v1/jobs', randomBytes(10))).toMatchObject({ status: 400 })
  })

  test('but larger than 1 MiB is refused', async () => {
    const env = { LARGE: 'x'.repeat(1024 * 1024) }
    expect(await api.ask('POST', '/v1/jobs', someSpec({ call: { ...call, env } }))).toMatchObject({
      status: 413,
      body: { error: { code: 'OPTION_INVALID' } },
    })
  })
})

describe('a job', () => {
  test('that was cancelled says so, and why', async () => {
    const { spec } = await makeJob()
    const end = { outcome: 'failed', reason: 'input 3 threw' }
    expect(await api.ask('POST', `/v1/jobs/${spec.id}/cancel`, end)).toMatchObject({ status: 204 })
    const { body } = await api.ask('GET', `/v1/jobs/${spec.id}`)
    expect(body).toMatchObject({ state: 'failed', reason: 'input 3 threw' })
  })

  test('is cancelled only into a state that exists', async () => {
    const { spec } = await makeJob()
    const { status, body } = await api.ask('POST', `/v1/jobs/${spec.id}/cancel`, { outcome: 'completed', reason: 'x' })
    expect(status).toBe(400)
    expect(body).toMatchObject({ error: { message: expect.stringContaining('body.outcome must be one of') } })
  })

  test('P8 whose client has all it wants leaves its record only', async () => {
    const { spec } = await makeJob()
    await api.ask('POST', `/v1/jobs/${spec.id}/cancel`, { outcome: 'cancelled', reason: 'enough' })
    expect(await api.ask('DELETE', `/v1/jobs/${spec.id}`)).toMatchObject({ status: 204 })
    expect(await api.ask('DELETE', `/v1/jobs/${spec.id}`)).toMatchObject({ status: 204 })
    expect(await api.redis.keys(`burla:v1:{${spec.id}}:*`)).toEqual([`burla:v1:{${spec.id}}:record`])
    expect(await api.redis.call('ACL', 'USERS')).toEqual(['default'])
  })

  test.each([
    ['GET', ''],
    ['POST', '/cancel'],
    ['DELETE', ''],
  ] as const)('that does not exist is named (%s %s)', async (method, path) => {
    for (const id of ['doubling-0123456789', 'a}b', '*']) {
      const body = method === 'POST' ? { outcome: 'cancelled', reason: 'x' } : undefined
      const reply = await api.ask(method, `/v1/jobs/${encodeURIComponent(id)}${path}`, body)
      expect(reply).toMatchObject({ status: 404, body: { error: { code: 'JOB_UNKNOWN' } } })
    }
  })
})

test('GET /v1/jobs lists the newest first, as many as asked for', async () => {
  const ids: string[] = []
  for (let i = 0; i < 3; i++) {
    const { spec } = await makeJob()
    await api.redis.hset(`burla:v1:{${spec.id}}:record`, 'createdAt', i)
    ids.unshift(spec.id)
  }
  const { jobs } = (await api.ask('GET', '/v1/jobs?limit=2')).body as { jobs: JobStatus[] }
  expect(jobs.map((job) => job.id)).toEqual(ids.slice(0, 2))
  await api.ask('POST', `/v1/jobs/${ids[1]}/cancel`, { outcome: 'failed', reason: 'x' })
  expect((await api.ask('GET', '/v1/jobs?state=failed')).body).toMatchObject({ jobs: [{ id: ids[1], reason: 'x' }] })
  expect(await api.ask('GET', '/v1/jobs?state=lost')).toMatchObject({ status: 400 })
  expect(await api.ask('GET', '/v1/jobs?limit=0')).toMatchObject({
    status: 400,
    body: { error: { message: 'querystring.limit must be >= 1' } },
  })
})
