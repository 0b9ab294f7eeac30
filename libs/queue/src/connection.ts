/**
 * Connections to Redis. One policy for all of them: a lost connection is found again without end and without anybody
 * noticing, and a user that Redis does not know (yet: it was restarted, and the api is about to create its users
 * anew) is a lost connection too, not an error.
 */
import { Redis } from 'ioredis'
import type { RedisAddress } from '@burla/protocol'
import { LargeRepliesConnector } from './large-replies.ts'
import { writeOncePerTurn } from './one-write.ts'

export type { Redis }

export interface ConnectOptions {
  address: RedisAddress
  username?: string
  password?: string | undefined
  /** shown by CLIENT LIST */
  name: string
  /** send commands again whose reply was lost. False for what must not be done twice. Default true */
  resend?: boolean
}

export function connectRedis({ address, username, password, name, resend = true }: ConnectOptions): Redis {
  const redis = new Redis({
    ...('path' in address
      ? { path: address.path }
      : { host: address.host, port: address.port, ...(address.tls ? { tls: {} } : {}) }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    Connector: LargeRepliesConnector,
    connectionName: name.replace(/[^\w.:-]/g, '_'),
    protocol: 2,
    disableClientInfo: true,
    maxRetriesPerRequest: null,
    autoResendUnfulfilledCommands: resend,
    retryStrategy: (times) => Math.min(25 * 2 ** Math.min(times, 5), 500),
    // One round trip less; a Redis that is still loading says so, and then what it refused is sent again (2).
    enableReadyCheck: false,
    reconnectOnError: (error) => (/^(LOADING|READONLY|WRONGPASS|NOAUTH)/.test(error.message) ? 2 : false),
  })
  writeOncePerTurn(redis)
  // Reconnecting is the answer to every connection error; whoever waits for a reply hears of it there.
  redis.on('error', () => undefined)
  return redis
}

/** One more connection of the same user, for what must not hold up the others. */
export function connectAnother(redis: Redis, name: string): Redis {
  const another = redis.duplicate({ connectionName: name })
  another.on('error', () => undefined)
  return another
}

/** `unix:///run/redis.sock`, `redis://host:6379`, `rediss://host` */
export function parseRedisUrl(text: string): { address: RedisAddress; username?: string; password?: string } {
  const url = new URL(text)
  const credentials = {
    ...(url.username ? { username: decodeURIComponent(url.username) } : {}),
    ...(url.password ? { password: decodeURIComponent(url.password) } : {}),
  }
  if (url.protocol === 'unix:') return { address: { path: decodeURIComponent(url.pathname) }, ...credentials }
  const address = { host: url.hostname, port: Number(url.port || 6379), tls: url.protocol === 'rediss:' }
  return { address, ...credentials }
}

/** Errors after which the same command may succeed by itself: the connection, a restart, a full Redis. */
export function isTransient(error: unknown): boolean {
  const { message = '', code = '', name = '' } = error as { message?: string; code?: string; name?: string }
  return (
    /^(WRONGPASS|NOAUTH|NOPERM|LOADING|READONLY|OOM|MISCONF|BUSY|TRYAGAIN|CLUSTERDOWN|MASTERDOWN)/.test(message) ||
    /Connection is closed|Stream isn't writeable|Command timed out|Socket closed/.test(message) ||
    /^(ECONN|EPIPE|ENOENT|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH)/.test(code) ||
    name === 'MaxRetriesPerRequestError' ||
    name === 'AbortError'
  )
}

export function isFull(error: unknown): boolean {
  return (error as Error).message.startsWith('OOM')
}

/** For connections without `resend`: there, a reply that is under way when the connection closes never comes. */
export function orClosed<T>(redis: Redis, reply: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onClose = () => reject(new Error('Connection is closed'))
    redis.once('close', onClose)
    reply.then(resolve, reject).finally(() => redis.off('close', onClose))
  })
}
