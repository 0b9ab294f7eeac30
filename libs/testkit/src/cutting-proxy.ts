import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Stands between a client and a server, and loses replies, or everything, on demand. */
export interface CuttingProxy extends AsyncDisposable {
  /** its Unix socket, or its port on the loopback: of the same kind as the server's */
  readonly path: string
  readonly port: number
  /** replies that were lost */
  readonly cuts: number
  /** The next thing that the server says is thrown away, and the connection with it; new ones wait until `accept`. */
  cutNextReply(): void
  accept(): void
  /** From here on nothing passes, either way, and nothing is closed, as when a cable is cut. */
  goSilent(): void
}

export async function cuttingProxy(target: string | { host: string; port: number }): Promise<CuttingProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'burla-test-'))
  const path = join(folder, 'proxy.sock')
  const sockets = new Set<Socket>()
  const waiting: Socket[] = []
  let cutNext = false
  let refusing = false
  let cuts = 0

  function relay(client: Socket): void {
    const server = typeof target === 'string' ? connect(target) : connect(target)
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        server.destroy()
      })
    }
    client.pipe(server)
    server.on('data', (bytes) => {
      if (!cutNext) return client.write(bytes)
      cutNext = false
      refusing = true
      cuts++
      return client.destroy()
    })
  }

  const proxy: Server = createServer((client) => {
    if (refusing) waiting.push(client)
    else relay(client)
  })
  const listen = typeof target === 'string' ? { path } : { host: '127.0.0.1', port: 0 }
  await new Promise<void>((resolve) => proxy.listen(listen, resolve))
  const address = proxy.address() as AddressInfo | string
  return {
    path,
    port: typeof address === 'string' ? 0 : address.port,
    get cuts() {
      return cuts
    },
    cutNextReply: () => {
      cutNext = true
    },
    accept() {
      refusing = false
      for (const client of waiting.splice(0)) relay(client)
    },
    goSilent() {
      refusing = true
      for (const socket of sockets) socket.unpipe().pause()
    },
    async [Symbol.asyncDispose]() {
      for (const socket of [...sockets, ...waiting]) socket.destroy()
      await new Promise((resolve) => proxy.close(resolve))
      rmSync(folder, { recursive: true })
    },
  }
}
