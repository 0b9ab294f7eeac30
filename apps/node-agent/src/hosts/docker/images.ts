/** Which image a runner is started in, and why one cannot be. */
import type Docker from 'dockerode'
import { BurlaError } from '@burla/protocol'

/** exit codes with which `start.cjs`, and the init of a container that finds no Node, end */
const nodeTooOld = 97
const nodeMissing = [126, 127]
const pullWithinMs = 10 * 60_000

export interface FoundImage {
  /** how Node is called in it */
  node: string
}

/** The image is on this machine after this. */
export async function haveImage(docker: Docker, image: string, signal: AbortSignal): Promise<FoundImage> {
  try {
    return await look(docker, image)
  } catch (error) {
    if (statusOf(error) !== 404) throw refused(image, error)
  }
  try {
    await pull(docker, image, AbortSignal.any([signal, AbortSignal.timeout(pullWithinMs)]))
    return await look(docker, image)
  } catch (error) {
    signal.throwIfAborted()
    throw refused(image, error)
  }
}

/** Images without a shell have their Node where only their entrypoint knows it. */
async function look(docker: Docker, image: string): Promise<FoundImage> {
  const { Config } = await docker.getImage(image).inspect()
  const entrypoint = [Config.Entrypoint ?? []].flat()
  return { node: entrypoint.find((part) => /(^|\/)node$/.test(part)) ?? 'node' }
}

async function pull(docker: Docker, image: string, abortSignal: AbortSignal): Promise<void> {
  // Without a tag the engine would pull all of them.
  const name = /[:@][^/]*$/.test(image) ? image : `${image}:latest`
  const progress = (await docker.pull(name, { abortSignal })) as NodeJS.ReadableStream
  await new Promise<void>((resolve, reject) => {
    abortSignal.addEventListener('abort', () => reject(abortSignal.reason as Error), { once: true })
    docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve()))
  })
}

/** A container that ended before its runner was up: the sentence for it, when the image is to blame. */
export function whyNoRunner(image: string, code: number | null, lastLines: string[]): BurlaError | undefined {
  if (code === nodeTooOld) return refused(image, new Error(lastLines.at(-1)))
  if (code === null || !nodeMissing.includes(code)) return undefined
  return refused(image, new Error(`it has no program "node" on its PATH that can be run here`))
}

function refused(image: string, cause: unknown): BurlaError {
  const reason = ((cause as Error).message ?? String(cause)).replace(/^\(HTTP code \d+\) [^-]*- /, '').trim()
  return new BurlaError(
    'IMAGE_REFUSED',
    `the image ${image} cannot be used: ${reason}. A job's image must be one that the nodes can pull, with Node 20 or newer.`,
    { cause },
  )
}

export function statusOf(error: unknown): number | undefined {
  return (error as { statusCode?: number }).statusCode
}
