/** The api while it runs: one connection to Redis, the keeper beside it, listening until told to stop. */
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { connectRedis, startKeeper } from '@burla/queue'
import { createServer } from './server.ts'
import { loadValidators } from './validation.ts'
import type { ApiConfig } from './config.ts'

export async function runApi(
  { listen: at, redis: redisAddress, redisPassword, ...config }: ApiConfig,
  { signal, onUp }: { signal: AbortSignal; onUp: (address: string) => void },
): Promise<void> {
  const { clusterKey, nodesSince = 0 } = config
  const redis = connectRedis({ address: redisAddress, password: redisPassword, name: 'api' })
  const server = createServer({ redis, redisAddress, ...config })

  onUp(await listen(server, at))
  const keeper = startKeeper({ redis, clusterKey, signal, nodesSince, say: console.error })
  loadValidators()

  await Promise.race([keeper, signal.aborted || once(signal, 'abort')])
  await server.close()
  // The keeper is not waited for: it may be waiting for a Redis that is away. Its steps can be cut off anywhere.
  redis.disconnect()
}

async function listen(server: ReturnType<typeof createServer>, at: ApiConfig['listen']): Promise<string> {
  if (!('socketPath' in at)) return server.listen(at)
  // Left by an api that was killed.
  await rm(at.socketPath, { force: true })
  return server.listen({ path: at.socketPath })
}
