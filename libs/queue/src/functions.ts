/** Shipped functions, kept once per content. */
import type { Redis } from 'ioredis'
import { clusterKeys, jobKeys, parseLayerManifest, type JobId, type LayerManifest } from '@burla/protocol'

/** A function that no job has used for this long is forgotten; the SDK sends it again. */
export const functionRetentionMs = 7 * 24 * 60 * 60 * 1000

export async function putFunction(redis: Redis, digest: string, bytes: Buffer): Promise<void> {
  await redis.set(clusterKeys.function(digest), bytes, 'PX', functionRetentionMs)
}

/** Also renews its time. */
export async function hasFunction(redis: Redis, digest: string): Promise<boolean> {
  return (await redis.pexpire(clusterKeys.function(digest), functionRetentionMs)) === 1
}

export async function readFunction(redis: Redis, digest: string): Promise<Buffer | undefined> {
  return (await redis.getBuffer(clusterKeys.function(digest))) ?? undefined
}

/** Bytes of functions that calls of the job have shipped, with these. */
export async function countShipped(redis: Redis, jobId: JobId, bytes: number): Promise<number> {
  return redis.hincrby(jobKeys(jobId).counts, 'shippedBytes', bytes)
}

/** The list of a function's packages is kept like the function; so are the files of those that no registry has. */
export async function readLayer(redis: Redis, digest: string): Promise<LayerManifest | undefined> {
  const bytes = await readFunction(redis, digest)
  return bytes && parseLayerManifest(bytes.toString())
}

/** Also renews the time of all of it. */
export async function hasLayer(redis: Redis, digest: string): Promise<boolean> {
  const manifest = await readLayer(redis, digest)
  if (!manifest) return false
  const contents = manifest.packages.flatMap(({ content }) => (content === undefined ? [] : [content]))
  const there = await Promise.all([digest, ...contents].map((each) => hasFunction(redis, each)))
  return there.every(Boolean)
}
