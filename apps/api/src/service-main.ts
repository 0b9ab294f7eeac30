/**
 * The api as a service of its own, as in a container. Settings: BURLA_REDIS_URL (where the nodes find Redis),
 * BURLA_REDIS_PUBLIC_URL (where programs find it), BURLA_PUBLIC_URL (where programs find this api), BURLA_LISTEN_PORT.
 * Secrets: `redis-password`, `token`.
 */
import { createHash } from 'node:crypto'
import { runService } from '@burla/processes'
import { clusterKeyOf } from '@burla/protocol'
import { parseRedisUrl } from '@burla/queue'
import { runApi } from './run-api.ts'

runService(
  async (settings, signal) => {
    const redisPassword = settings.secret('redis-password')
    const token = settings.secret('token')
    const inner = settings.text('BURLA_REDIS_URL')
    const config = {
      listen: { host: '0.0.0.0', port: settings.number('BURLA_LISTEN_PORT', 5001) },
      redis: parseRedisUrl(inner).address,
      publicRedis: parseRedisUrl(settings.text('BURLA_REDIS_PUBLIC_URL', inner)).address,
      redisPassword,
      clusterKey: clusterKeyOf(redisPassword),
      tokenHash: createHash('sha256').update(token).digest('hex'),
      history: true,
    }
    const url = settings.text('BURLA_PUBLIC_URL', `http://127.0.0.1:${config.listen.port}`)
    // For the person who started it: the one line of any log that has the token.
    const onUp = () =>
      console.log(
        `\nBurla is up. In the shell of your program:\n\n  export BURLA_CLUSTER_URL=${url} BURLA_TOKEN=${token}\n`,
      )
    await runApi(config, { signal, onUp })
  },
  { forcedExitMs: 5_000 },
)
