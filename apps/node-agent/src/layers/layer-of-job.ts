/** The packages that a job needs, from its record: they are there after this, where runners do not see the caller's own. */
import { BurlaError, type JobId, type MountedLayer } from '@burla/protocol'
import { readFunction, readLayer, untilStored, type JobWork, type Redis } from '@burla/queue'
import type { HostedRunner } from '../hosts/runner-host.ts'
import type { Layers } from './layers.ts'

interface JobWithLayer {
  redis: Redis
  jobId: JobId
  work: Pick<JobWork, 'layer'>
  runner: Pick<HostedRunner, 'image' | 'platform'>
  layers?: Layers | undefined
}

export function needsLayer({ layers, work, runner }: Pick<JobWithLayer, 'layers' | 'work' | 'runner'>): boolean {
  return layers !== undefined && work.layer !== null && runner.platform !== undefined
}

/** A `BurlaError` says why the job cannot be served. `onInstall` is told what is installed, when it has to be. */
export async function layerFor(
  { redis, jobId, work, runner: { image, platform }, layers }: JobWithLayer,
  onInstall: (title: string) => void,
): Promise<MountedLayer | null> {
  if (!layers || work.layer === null || !platform) return null
  const digest = work.layer
  const manifest = await untilStored(() => readLayer(redis, digest))
  if (!manifest) throw gone(jobId, `the list of its packages, ${digest},`)
  const contentOf = async (content: string): Promise<Buffer> => {
    const bytes = await untilStored(() => readFunction(redis, content))
    if (bytes) return bytes
    throw gone(jobId, `a package that was sent with it, ${content},`)
  }
  const root = await layers.have({ manifest, platform, image, contentOf }, onInstall)
  return { root, folders: manifest.folders }
}

function gone(jobId: JobId, what: string): BurlaError {
  return new BurlaError('JOB_FAILED', `${what} is not kept any more; start job ${jobId} again`)
}
