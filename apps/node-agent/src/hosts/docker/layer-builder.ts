/**
 * Installs packages in a container of its own: install scripts run nowhere else. It has nothing of the cluster, neither
 * its network nor a credential, and nothing of other layers; the result is taken out of it when it has ended.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type Docker from 'dockerode'
import type { ContainerCreateOptions } from 'dockerode'
import { BurlaError, randomText } from '@burla/protocol'
import type { InstallPlan } from '../../layers/install-plan.ts'
import type { WantedLayer } from '../../layers/layers.ts'
import { memoryLimits } from './container-spec.ts'
import { haveImage } from './images.ts'

export interface LayerBuilderOptions {
  docker: Docker
  labels: Record<string, string>
  /** of jobs that ask for none */
  image: string
  memoryGiB: number
  npm: NpmSettings
  signal: AbortSignal
}

export interface NpmSettings {
  registry: string
  /** the engine's network from which the registry is reached */
  network: string
}

const buildFolder = '/build'
const layerFolder = `${buildFolder}/layer`
const userId = '1000'
const builtWithinMs = 15 * 60_000
/** Of npm's words; the end has the reason. */
const keptWords = 2_000

export async function installInContainer(
  options: LayerBuilderOptions,
  plan: InstallPlan,
  { image, contentOf, into }: Pick<WantedLayer, 'image' | 'contentOf'> & { into: string },
): Promise<void> {
  const { docker, signal } = options
  const from = image ?? options.image
  await haveImage(docker, from, signal)
  const name = `burla-layer-${plan.key.slice(0, 12)}-${randomText(4)}`
  const container = await docker.createContainer({ name, ...builderSpec(options, from, plan.args) })
  try {
    await putFiles(container, plan)
    for (const { at, digest } of plan.contents) {
      await container.putArchive(await contentOf(digest), { path: `${layerFolder}/${at}` })
    }
    await container.start().catch((error: Error) => {
      throw failed(plan, `the image ${from} has no npm that can be started (${error.message})`)
    })
    const code = await untilEnded(container, AbortSignal.any([signal, AbortSignal.timeout(builtWithinMs)]))
    if (code !== 0) throw failed(plan, await wordsOf(container))
    await takeOut(container, into)
  } finally {
    await container.remove({ force: true, v: true }).catch(() => undefined) // it is labelled: whoever looks next removes it
  }
}

export function builderSpec(
  { labels, memoryGiB, npm }: Omit<LayerBuilderOptions, 'docker' | 'signal'>,
  image: string,
  args: string[],
): ContainerCreateOptions {
  const home = `${buildFolder}/home`
  return {
    Image: image,
    Entrypoint: ['npm'],
    Cmd: args,
    User: `${userId}:${userId}`,
    WorkingDir: layerFolder,
    Env: [
      `HOME=${home}`,
      `npm_config_cache=${home}/cache`,
      `npm_config_registry=${npm.registry}`,
      'npm_config_update_notifier=false',
    ],
    Labels: labels,
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      Init: true,
      NetworkMode: npm.network,
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true'],
      PidsLimit: 4096,
      ...memoryLimits(memoryGiB),
      Tmpfs: { '/tmp': 'rw,exec,nosuid,nodev,mode=1777' },
      Mounts: [{ Type: 'volume', Source: '', Target: buildFolder }],
      LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '1' } },
    },
  }
}

/** Folders and texts of ours, as files of the user that npm runs as. */
async function putFiles(container: Docker.Container, { files, contents }: InstallPlan): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'burla-plan-'))
  try {
    await mkdir(join(folder, 'home'))
    for (const { at } of contents) await mkdir(join(folder, 'layer', at), { recursive: true })
    for (const [path, text] of Object.entries(files)) {
      const file = join(folder, 'layer', path)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, text)
    }
    const tar = spawn('tar', [
      '-c',
      `--owner=${userId}`,
      `--group=${userId}`,
      '--numeric-owner',
      '-C',
      folder,
      'home',
      'layer',
    ])
    await container.putArchive(tar.stdout, { path: buildFolder })
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function takeOut(container: Docker.Container, into: string): Promise<void> {
  const archive = await container.getArchive({ path: layerFolder })
  await mkdir(into)
  const tar = spawn('tar', ['-x', '--no-same-owner', '--strip-components=1', '-C', into], {
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  let words = ''
  tar.stderr.setEncoding('utf8').on('data', (text: string) => (words += text))
  const [[code]] = await Promise.all([once(tar, 'close') as Promise<[number]>, pipeline(archive, tar.stdin)])
  if (code !== 0) throw new Error(`the packages could not be copied: ${words}`)
}

async function untilEnded(container: Docker.Container, abortSignal: AbortSignal): Promise<number> {
  const { StatusCode } = (await container.wait({ abortSignal })) as { StatusCode: number }
  return StatusCode
}

async function wordsOf(container: Docker.Container): Promise<string> {
  const log = (await container.logs({ stdout: true, stderr: true, tail: 100 })) as unknown as Buffer
  return textOfFrames(log).trim().slice(-keptWords)
}

/** An engine's log: each piece has a head of eight bytes, with its length in the last four. */
function textOfFrames(log: Buffer): string {
  const pieces: Buffer[] = []
  for (let at = 0; at + 8 <= log.length;) {
    const end = at + 8 + log.readUInt32BE(at + 4)
    pieces.push(log.subarray(at + 8, end))
    at = end
  }
  return Buffer.concat(pieces).toString()
}

function failed({ title }: InstallPlan, words: string): BurlaError {
  return new BurlaError('JOB_FAILED', `the packages of the function could not be installed (${title}): ${words}`)
}
