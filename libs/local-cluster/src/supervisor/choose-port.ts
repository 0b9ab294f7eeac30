import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { BurlaError } from '@burla/protocol'

/** Resolves with the port when it is free on the loopback, 0 with any free one: an api that is started again keeps it. */
export async function choosePort(port: number): Promise<number> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const why = code === 'EADDRINUSE' ? 'is used by another program' : `cannot be used (${message})`
    throw new BurlaError('CLUSTER_CONFLICT', `Port ${port} ${why}; choose another one with --port.`, { cause })
  } finally {
    server.close()
  }
}
