/**
 * The agent of one node as a service of its own: in a container that has the engine's socket, with runners in containers
 * beside it. Settings: BURLA_REDIS_URL, BURLA_API_URL, BURLA_NODE_CPUS, BURLA_NODE_MEMORY_GIB, BURLA_RUNNER_IMAGE, BURLA_CODE_DIR (our
 * runner's code in this image). Secret: `redis-password`. What is mounted at /shared here is `shared/` of all runners, what is at
 * /layers has the packages of functions; those come from BURLA_NPM_REGISTRY, by way of the engine's network BURLA_NPM_NETWORK.
 */
import { writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import Docker from 'dockerode'
import { runService } from '@burla/processes'
import { clusterKeyOf, randomText } from '@burla/protocol'
import { parseRedisUrl } from '@burla/queue'
import { runAgent } from './agent.ts'
import { startNodeHost } from './hosts/docker/node-host.ts'

/** Its age tells the image's health check when this node was heard of last. */
const aliveFile = '/tmp/burla-alive'

runService(
  async (settings, signal) => {
    const redisPassword = settings.secret('redis-password')
    const api = settings.text('BURLA_API_URL', 'http://api:5001')
    const config = {
      nodeId: `node-${hostname().slice(0, 6)}-${randomText(4)}`,
      cpus: settings.number('BURLA_NODE_CPUS', 1),
      memoryGiB: settings.number('BURLA_NODE_MEMORY_GIB', 2),
      redis: parseRedisUrl(settings.text('BURLA_REDIS_URL')).address,
      redisPassword,
      api: { url: api },
      clusterKey: clusterKeyOf(redisPassword),
      provider: 'docker',
    }
    const say = (message: string): void => console.error(message)
    const host = await startNodeHost(
      {
        docker: new Docker(),
        nodeId: config.nodeId,
        cpus: config.cpus,
        memoryGiB: config.memoryGiB,
        image: settings.text('BURLA_RUNNER_IMAGE'),
        codeFolder: settings.text('BURLA_CODE_DIR', '/opt/burla/runner'),
        sharedFolder: '/shared',
        layersFolder: '/layers',
        npm: {
          registry: settings.text('BURLA_NPM_REGISTRY', 'https://registry.npmjs.org/'),
          network: settings.text('BURLA_NPM_NETWORK', 'bridge'),
        },
        names: [new URL(settings.text('BURLA_REDIS_URL')).hostname, new URL(api).hostname],
        say,
      },
      signal,
    )
    await runAgent(config, { host, signal, say, onUp: () => undefined, onAlive: () => writeFileSync(aliveFile, '') })
  },
  { forcedExitMs: 9_000 },
)
