/** Hears at once what looking around would find within a second: new demand, cancelled jobs. */
import { connectRedis, type ConnectOptions } from '@burla/queue'
import { clusterKeys, type Bell } from '@burla/protocol'

/** Ends with `signal`. A message that is lost while the connection is away is made good by looking around. */
export function listenToBell(connect: ConnectOptions, onBell: (bell: Bell) => void, signal: AbortSignal): void {
  const redis = connectRedis(connect)
  const hear = (message: string): void => {
    const bell = JSON.parse(message) as Bell
    onBell(bell)
  }
  redis.on('message', (_, message) => hear(message))
  redis.on('pmessage', (_, __, message) => hear(message))
  const subscribe = () => Promise.all([redis.subscribe(clusterKeys.bell), redis.psubscribe(clusterKeys.jobBells)])
  subscribe().catch((error: Error) => {
    if (!signal.aborted) console.error(`bell: ${error.message}`)
  })
  signal.addEventListener('abort', () => redis.disconnect(), { once: true })
}
