import { once } from 'node:events'
import { connect, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { beforeAll, expect, test } from 'vitest'
import { token, useApi } from './fixtures/use-api.ts'

const api = useApi()

beforeAll(async () => void (await api.server.listen({ host: '127.0.0.1', port: 0 })))

/** What comes back until the api closes the connection. */
async function send(bytes: string): Promise<string> {
  const socket = connect((api.server.server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(bytes)
  return text(socket)
}

test('headers over 16 KiB are refused, and the limit is named', async () => {
  const answer = await send(
    `GET /v1/jobs HTTP/1.1\r\nauthorization: Bearer ${token}\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
  )
  expect(answer).toMatch(/^HTTP\/1\.1 431 /)
  expect(answer).toContain('"the headers of the request are over the limit of 16 KiB"')
})

test('what is no HTTP is answered as any failure, and the api goes on', async () => {
  const [head, body = ''] = (await send('what is this?\r\n\r\n')).split('\r\n\r\n')
  expect(head).toMatch(/^HTTP\/1\.1 400 /)
  expect(JSON.parse(body)).toEqual({ error: { code: 'OPTION_INVALID', message: 'this is not a request in HTTP' } })
  expect((await api.ask('GET', '/healthz')).status).toBe(200)
})

test('a body over 1 MiB is refused before it is read', async () => {
  const head = `POST /v1/jobs HTTP/1.1\r\nhost: api\r\nauthorization: Bearer ${token}\r\nconnection: close\r\n`
  const answer = await send(`${head}content-type: application/json\r\ncontent-length: ${1024 * 1024 + 1}\r\n\r\n`)
  expect(answer).toMatch(/^HTTP\/1\.1 413 /)
})
