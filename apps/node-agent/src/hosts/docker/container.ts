/**
 * The process of a runner, when that is a container: created, attached to, started, and gone without a trace. Its stdin
 * and stdout are those of a part (see `@burla/processes`).
 */
import { PassThrough, type Duplex } from 'node:stream'
import type Docker from 'dockerode'
import { eachLine } from '@burla/processes'
import { pause } from '@burla/queue'
import type { RunnerExit } from '../runner-host.ts'
import { containerSpec, cpuLimits, memoryLimits, type ContainerPlan } from './container-spec.ts'
import { statusOf } from './images.ts'

export interface Container {
  readonly id: string
  /** Resolves when the engine has removed it. */
  readonly exited: Promise<RunnerExit>
  send(message: unknown): void
  confine(share: { cpus: number; memoryGiB: number }): Promise<void>
  stop(graceMs: number): Promise<RunnerExit>
  kill(): Promise<RunnerExit>
}

interface Links {
  config: unknown
  /** false of a line that is only one of the log */
  onStdout: (line: string) => boolean
  onLine: (line: string) => void
}

const keptLines = 20
const askAgainMs = 300

export async function openContainer(docker: Docker, plan: ContainerPlan, links: Links): Promise<Container> {
  const container = await docker.createContainer(containerSpec(plan))
  try {
    // Attached before it starts, so that nothing that it says is missed.
    const streams = { stream: true, stdin: true, stdout: true, stderr: true, hijack: true }
    const stream = (await container.attach(streams)) as Duplex
    const lastLines = readOutput(docker, stream, links)
    const exited = untilGone(container).then((code): RunnerExit => {
      stream.destroy()
      return { code, signal: null, lastLines }
    })
    await container.start()
    return live(container, stream, exited, links.config)
  } catch (error) {
    await remove(container)
    throw error
  }
}

function live(container: Docker.Container, stream: Duplex, exited: Promise<RunnerExit>, config: unknown): Container {
  const send = (message: unknown): void => {
    if (stream.writable) stream.write(`${JSON.stringify(message)}\n`)
  }
  async function kill(): Promise<RunnerExit> {
    stream.end()
    await remove(container)
    return exited
  }
  send(config)
  return {
    id: container.id,
    exited,
    send,
    confine: ({ cpus, memoryGiB }) => container.update({ ...memoryLimits(memoryGiB), ...cpuLimits(cpus) }),
    kill,
    stop(graceMs) {
      const timer = setTimeout(() => void kill(), graceMs)
      stream.end()
      return exited.finally(() => clearTimeout(timer))
    },
  }
}

/** The last lines of its log, kept up to date. */
function readOutput(docker: Docker, stream: Duplex, { onStdout, onLine }: Links): string[] {
  const lastLines: string[] = []
  const log = (line: string): void => {
    if (lastLines.push(line) > keptLines) lastLines.shift()
    onLine(line)
  }
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  docker.modem.demuxStream(stream, stdout, stderr)
  eachLine(stderr, log)
  eachLine(stdout, (line) => {
    if (!onStdout(line)) log(line)
  })
  // Its end, and the engine's, are heard of by `untilGone`.
  stream.on('error', () => undefined)
  stream.on('close', () => {
    stdout.end()
    stderr.end()
  })
  return lastLines
}

/** The exit code, where the engine could tell. An engine that is away is asked again: containers may outlive it. */
async function untilGone(container: Docker.Container): Promise<number | null> {
  for (;;) {
    try {
      const { StatusCode } = (await container.wait({ condition: 'removed' })) as { StatusCode: number }
      return StatusCode
    } catch (error) {
      if (statusOf(error) === 404) return null
      await pause(askAgainMs)
    }
  }
}

/** Kills and removes; one that is gone, or that the engine is removing, is what was asked for. */
async function remove(container: Docker.Container): Promise<void> {
  for (let tries = 0; tries < 10; tries++) {
    try {
      return void (await container.remove({ force: true, v: true }))
    } catch (error) {
      const status = statusOf(error)
      if (status === 404 || status === 409) return
      await pause(askAgainMs)
    }
  }
}
