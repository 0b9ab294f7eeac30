/** Real sockets: what closes one, and from which side, is the matter here. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '@burla/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createPresence, type Presence } from './presence.ts'

let folder: string
let server: http.Server
let presence: Presence
let gone: string[]
let open: Set<Socket>
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'burla-test-'))
  gone = []
  open = new Set()
  presence = createPresence((jobIds) => gone.push(...jobIds))
  server = http.createServer((request, response) => {
    presence.heard(request.socket, (request.url ?? '').slice(1).split(','))
    response.end('ok')
  })
  server.on('connection', (socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true })
})

const listeners = {
  'a socket of this machine': () => ({ path: join(folder, 's') }),
  'the loopback': () => ({ host: '127.0.0.1', port: 0 }),
}

/** A client that asks on one connection, and waits for each answer. */
async function client(at: ReturnType<(typeof listeners)[keyof typeof listeners]> = listeners['the loopback']()) {
  if (!server.listening) {
    server.listen(at)
    await once(server, 'listening')
  }
  const port = (server.address() as AddressInfo).port
  const socket = connect('path' in at ? at : { host: at.host, port })
  socket.on('error', () => undefined)
  return {
    socket,
    async ask(...jobIds: string[]) {
      socket.write(`GET /${jobIds.join()} HTTP/1.1\r\nhost: x\r\n\r\n`)
      await once(socket, 'data')
    },
  }
}

const closed = () => until('the server has no socket', () => open.size === 0)

describe.each(Object.entries(listeners))('on %s', (_, at) => {
  test('P10 a client is gone when its process closes its socket', async () => {
    const one = await client(at())
    await one.ask('a')
    await one.ask('b')
    one.socket.destroy()
    await closed()
    expect(gone).toEqual(['a', 'b'])
  })

  test('P10 a client whose socket this side closes, after a time without requests, is not gone', async () => {
    server.keepAliveTimeout = 1
    const one = await client(at())
    await one.ask('a')
    await once(one.socket, 'close')
    await closed()
    expect(gone).toEqual([])
  })

  test('P10 nobody is gone when this side ends', async () => {
    const one = await client(at())
    await one.ask('a')
    presence.close()
    one.socket.destroy()
    await closed()
    expect(gone).toEqual([])
  })
})

test('P10 a client whose socket is reset is gone', async () => {
  const one = await client()
  await one.ask('a')
  one.socket.resetAndDestroy()
  await closed()
  expect(gone).toEqual(['a'])
})

test('P10 the socket on which a client was heard last is the one that counts', async () => {
  const [one, other] = [await client(), await client()]
  await one.ask('a', 'b')
  await other.ask('a')
  one.socket.destroy()
  await until('the first is closed', () => open.size === 1)
  expect(gone).toEqual(['b'])
  other.socket.destroy()
  await closed()
  expect(gone).toEqual(['b', 'a'])
})

test('a job that has ended for its client has no client to lose', async () => {
  const one = await client()
  await one.ask('a', 'b')
  presence.forget('a')
  one.socket.destroy()
  await closed()
  expect(gone).toEqual(['b'])
})

test('P10 a client that was heard on a socket that is closed by now is gone', async () => {
  const one = await client()
  await one.ask('a')
  const [socket] = open
  one.socket.destroy()
  await closed()
  gone = []
  if (socket) presence.heard(socket, ['a'])
  await until('it is gone', () => gone.length === 1)
})
