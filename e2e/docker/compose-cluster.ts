/** A cluster by `docker compose up`, on ports of its own. */
import { createServer, type AddressInfo } from 'node:net'
import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { dockerLines } from '@burla/testkit'

const root = join(import.meta.dirname, '../..')
const run = promisify(execFile)

/** Other checkouts on this machine build their images, too. */
export const imageTag = `test-${createHash('sha256').update(root).digest('hex').slice(0, 8)}`

export interface ComposeCluster {
  /** of compose, and the cluster's name on the engine */
  readonly project: string
  /** for the environment of a program */
  readonly env: { BURLA_CLUSTER_URL: string; BURLA_TOKEN: string }
  readonly redisPort: number
  /** with `sharedFolder`: what functions see as `shared/` */
  readonly sharedDir: string | undefined
  /** `docker compose <args>` of this project. */
  compose(...args: string[]): Promise<string>
  /** The containers of a service, or with a name from outside: `redis`, `api`, `node`. */
  containers(service: string): Promise<string[]>
  /** The runners that are there now. */
  runners(): Promise<string[]>
}

export interface ComposeOptions {
  nodes?: number
  cpusPerNode?: number
  memoryGiB?: number
  /** more of the compose file's settings */
  settings?: Record<string, string>
  /** `shared/` is a folder of this machine, so that a test sees what functions write */
  sharedFolder?: boolean
}

/** Not started: for tests of starting itself. */
export async function newCompose(project: string, options: ComposeOptions = {}): Promise<ComposeCluster> {
  const [port, redisPort] = await freePorts()
  const sharedDir = options.sharedFolder ? makeSharedFolder() : undefined
  const files = sharedDir === undefined ? [] : ['-f', 'docker-compose.yml', '-f', join(sharedDir, 'compose.yml')]
  const token = randomBytes(16).toString('hex')
  const { stdout: registry } = await run('npm', ['config', 'get', 'registry'], { cwd: root })
  const settings = {
    BURLA_NPM_REGISTRY: registry.trim(),
    BURLA_PORT: String(port),
    BURLA_REDIS_PORT: String(redisPort),
    BURLA_TOKEN: token,
    BURLA_IMAGE_TAG: imageTag,
    BURLA_NODE_CPUS: String(options.cpusPerNode ?? 1),
    BURLA_NODE_MEMORY_GIB: String(options.memoryGiB ?? 1),
    ...options.settings,
  }
  const compose = async (...args: string[]): Promise<string> => {
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...settings }
    const { stdout } = await run('docker', ['compose', '-p', project, ...files, ...args], { cwd: root, env })
    return stdout
  }
  return {
    project,
    env: { BURLA_CLUSTER_URL: `http://127.0.0.1:${port}`, BURLA_TOKEN: token },
    redisPort: redisPort ?? 0,
    sharedDir,
    compose,
    containers: async (service) => (await compose('ps', '-a', '-q', service)).split('\n').filter(Boolean),
    runners: () =>
      dockerLines(
        'ps',
        '-q',
        '--no-trunc',
        '--filter',
        `label=burla.cluster=${project}`,
        '--filter',
        'name=burla-runner-',
      ),
  }
}

export async function up({ compose }: ComposeCluster, { nodes = 2 }: ComposeOptions = {}): Promise<void> {
  await compose('up', '-d', '--wait', '--no-build', '--quiet-pull', '--scale', `node=${nodes}`)
}

/** With the part of a compose file that makes it the volume. */
function makeSharedFolder(): string {
  const device = mkdtempSync(join(tmpdir(), 'burla-shared-'))
  chmodSync(device, 0o1777)
  const shared = { driver_opts: { type: 'none', o: 'bind', device } }
  writeFileSync(join(device, 'compose.yml'), JSON.stringify({ volumes: { shared } }))
  return device
}

/** Nobody listens there now. */
async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()]
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) =>
          server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
        ),
    ),
  )
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports as [number, number]
}
