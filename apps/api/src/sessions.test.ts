import { beforeEach, describe, expect, test } from 'vitest'
import { functionBytes, sha256, someSpec, token, useApi } from './fixtures/use-api.ts'
import { createSessions } from './sessions.ts'

describe('a session', () => {
  let now: number
  const options = { clusterKey: 'key', tokenHash: 'ab'.repeat(32), now: () => now }
  beforeEach(() => {
    now = 1_000_000
  })
  const cookieOf = (setCookie: string | undefined) => setCookie?.split(';')[0]

  test('is had for a code, once, and known by another api of the same cluster', () => {
    const sessions = createSessions(options)
    const { code, expiresAt } = sessions.newCode()
    expect(expiresAt).toBe(now + 15 * 60_000)
    const cookie = cookieOf(sessions.begin(code))
    expect(sessions.begin(code)).toBeUndefined()
    expect(createSessions(options).isIn(`other=1; ${cookie}; burla_=x`)).toBe(true)
  })

  test('P9 is not had for an old code, nor for none', () => {
    const sessions = createSessions(options)
    const { code } = sessions.newCode()
    now += 15 * 60_000
    expect(sessions.begin(code)).toBeUndefined()
    expect(sessions.begin('')).toBeUndefined()
  })

  test('P9 ends, and is of one cluster, one token and one time', () => {
    const sessions = createSessions(options)
    const cookie = cookieOf(sessions.begin(sessions.newCode().code)) ?? ''
    const [name = '', until = '', signature = ''] = cookie.split(/[=.]/)
    expect(sessions.isIn(cookie)).toBe(true)
    expect(sessions.isIn(`${name}=${Number(until) + 1}.${signature}`)).toBe(false)
    expect(sessions.isIn(`${name}=${until}.`)).toBe(false)
    expect(sessions.isIn(`${name}=${until}`)).toBe(false)
    expect(createSessions({ ...options, clusterKey: 'other' }).isIn(cookie)).toBe(false)
    const newToken = `${options.tokenHash.slice(0, 8)}${'cd'.repeat(28)}`
    expect(createSessions({ ...options, tokenHash: newToken }).isIn(cookie)).toBe(false)
    now += 7 * 24 * 60 * 60_000
    expect(sessions.isIn(cookie)).toBe(false)
  })

  test('has a cookie that scripts cannot read and other sites cannot use', () => {
    const sessions = createSessions(options)
    expect(sessions.begin(sessions.newCode().code)).toMatch(/; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict$/)
  })

  test('of those that were asked for and not used, only so many are kept', () => {
    const sessions = createSessions(options)
    const codes = Array.from({ length: 101 }, () => sessions.newCode().code)
    expect(sessions.begin(codes[0] ?? '')).toBeUndefined()
    expect(sessions.begin(codes[1] ?? '')).toBeDefined()
  })
})

describe('a browser', () => {
  const api = useApi()
  const browser = { accept: 'text/html,application/xhtml+xml' }

  async function login(): Promise<string> {
    const { code } = (await api.ask('POST', '/v1/session/codes')).body as { code: string }
    const reply = await api.server.inject({ method: 'POST', url: '/v1/session', payload: { code } })
    expect(reply.statusCode).toBe(204)
    return String(reply.headers['set-cookie']).split(';')[0] ?? ''
  }

  test('P9 without a session sees at every address how to get in, and no more', async () => {
    for (const url of ['/', '/queues', '/docs', '/v1/jobs', '/nothing-here']) {
      const reply = await api.server.inject({ method: 'GET', url, headers: browser })
      expect([url, reply.statusCode]).toEqual([url, 401])
      expect(reply.body).toContain('prints a link that lets this browser in')
    }
  })

  test('gets in with a code and sees nodes and jobs', async () => {
    await api.ask('PUT', `/v1/functions/${sha256(functionBytes)}`, functionBytes)
    const spec = someSpec({ name: 'doubling <b>', known: 1234 })
    await api.ask('POST', '/v1/jobs', spec)
    const cookie = await login()
    const reply = await api.server.inject({ method: 'GET', url: '/', headers: { ...browser, cookie } })
    expect(reply.statusCode).toBe(200)
    expect(reply.headers['content-security-policy']).toMatch(
      /^default-src 'none'; script-src 'sha256-[^ ]+'; style-src/,
    )
    expect(reply.body).toContain(spec.id)
    expect(reply.body).toContain('0 of 1,234')
  })

  test('P9 can read with its cookie, and change nothing', async () => {
    const cookie = await login()
    const ask = async (method: 'GET' | 'POST' | 'DELETE' | 'PUT', url: string) =>
      (await api.server.inject({ method, url, headers: { cookie } })).statusCode
    expect(await ask('GET', '/v1/nodes')).toBe(200)
    expect(await ask('POST', '/v1/session/codes')).toBe(401)
    expect(await ask('POST', '/v1/jobs')).toBe(401)
    expect(await ask('POST', '/v1/jobs/doubling-0123456789/cancel')).toBe(401)
    expect(await ask('DELETE', '/v1/jobs/doubling-0123456789')).toBe(401)
    expect(await ask('PUT', `/v1/functions/${'0'.repeat(64)}`)).toBe(401)
  })

  test('P9 with a wrong code or a wrong token beside the cookie is refused', async () => {
    const wrong = await api.server.inject({ method: 'POST', url: '/v1/session', payload: { code: token } })
    expect(wrong.statusCode).toBe(401)
    const headers = { cookie: await login(), authorization: 'Bearer wrong' }
    expect((await api.server.inject({ method: 'GET', url: '/v1/nodes', headers })).statusCode).toBe(401)
  })
})
