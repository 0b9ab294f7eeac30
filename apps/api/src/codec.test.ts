import { codecHeader, codecVersion } from '@burla/protocol'
import { expect, test } from 'vitest'
import { someSpec, token, useApi } from './fixtures/use-api.ts'

const api = useApi()

const ask = (codec: string, payload: object) =>
  api.server.inject({
    method: 'POST',
    url: '/v1/jobs',
    headers: { authorization: `Bearer ${token}`, [codecHeader]: codec },
    payload,
  })

test.each([
  [
    String(codecVersion + 1),
    `with codec ${codecVersion + 1}, and the cluster reads codec ${codecVersion}: the program has`,
  ],
  ['x', `with no codec that is known, and the cluster reads codec ${codecVersion}.`],
])('a program with codec %s is refused before its request is read, and told what to do', async (codec, sentence) => {
  const reply = await ask(codec, { ...someSpec(), ofTheFuture: true })
  expect(reply.statusCode).toBe(426)
  expect(reply.json()).toEqual({ error: { code: 'CODEC_UNKNOWN', message: expect.stringContaining(sentence) } })
  expect((reply.json() as { error: { message: string } }).error.message).toContain('Install the same version of burla')
})

test('one with the same codec is heard', async () => {
  expect((await ask(String(codecVersion), someSpec())).json()).toMatchObject({ error: { code: 'FUNCTION_UNKNOWN' } })
})
