import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Stands between a client and a Unix socket, and loses replies on demand. */
export interface CuttingProxy extends AsyncDisposable {
  readonly path: string
  /** replies that were lost */
  readonly cuts: number
  /** The next thing that the server says is thrown away, and the connection with it; new ones wait until `accept`. */
  cutNextReply(): void
  accept(): void
}

export async function cuttingProxy(target: string): Promise<CuttingProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'burla-test-'))
  const path = join(folder, 'proxy.sock')
  const sockets = new Set<Socket>()
  const waiting: Socket[] = []
  let cutNext = false
  let refusing = false
  let cuts = 0

  function relay(client: Socket): void {
    const server = connect(target)
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
  await new Promise<void>((resolve) => proxy.listen(path, resolve))
  return {
    path,
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
    async [Symbol.asyncDispose]() {
      for (const socket of [...sockets, ...waiting]) socket.destroy()
      await new Promise((resolve) => proxy.close(resolve))
      rmSync(folder, { recursive: true })
    },
  }
}
