/**
 * Jobs that outlive their program, on a cluster that stays: how long it takes to list them when 10,000 have finished, and
 * how fast results of submitted jobs are stored, run and read again.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { burla } from 'burla'
import { startStayingCluster } from '@burla/local-cluster'
import { connectRedis, createJob, cancelJob, retireJob, type Redis } from '@burla/queue'
import { newJobId } from '@burla/protocol'
import { median } from './statistics.ts'

export async function jobs(finished = 10_000, inputs = 20_000) {
  const own = mkdtempSync(join(tmpdir(), 'burla-bench-'))
  const before = process.env['XDG_DATA_HOME']
  process.env['XDG_DATA_HOME'] = own
  const cluster = await startStayingCluster({ port: 0, nodes: 1, cpusPerNode: 2 })
  const redis = connectRedis({ ...cluster.redis, name: 'bench' })
  try {
    await burla.jobs()
    const submitted = await timeSubmitted(inputs)
    await makeFinished(redis, finished)
    return {
      finished,
      limit100Ms: await time(() => burla.jobs({ limit: 100 })),
      defaultMs: await time(() => burla.jobs()),
      allMs: await time(() => burla.jobs({ limit: finished })),
      inputs,
      ...submitted,
    }
  } finally {
    redis.disconnect()
    await cluster.stop()
    process.env['XDG_DATA_HOME'] = before
    rmSync(own, { recursive: true })
  }
}

async function time(ask: () => Promise<unknown>, rounds = 21): Promise<number> {
  const ms: number[] = []
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now()
    await ask()
    ms.push(performance.now() - startedAt)
  }
  return median(ms)
}

async function timeSubmitted(count: number) {
  const identity = (x: number) => x
  const warm = await burla.submit(identity, [0])
  await warm.results()
  const startedAt = performance.now()
  const job = await burla.submit(
    identity,
    Array.from({ length: count }, (_, i) => i),
  )
  const storedMs = performance.now() - startedAt
  await job.results({ progress: false })
  const allMs = performance.now() - startedAt
  const readMs = await time(() => job.results({ progress: false }), 5)
  return { storedMs, perSecond: (count / allMs) * 1000, readPerSecond: (count / readMs) * 1000 }
}

/** As `burla.map` leaves them behind. */
async function makeFinished(redis: Redis, count: number): Promise<void> {
  const call = {
    cpus: 1,
    memoryGiB: null,
    image: null,
    maxParallelism: null,
    retries: 0,
    retryDelayMs: 0,
    timeoutMs: null,
    env: {},
  }
  const spec = { name: 'finished', functionDigest: '0'.repeat(64), known: 100, call, packages: [] }
  for (let made = 0; made < count; made += 100) {
    await Promise.all(
      Array.from({ length: 100 }, async () => {
        const id = newJobId('finished')
        await createJob(redis, 'key', { id, kind: 'attached', ...spec, clientGraceMs: 1_000, retentionMs: 0 })
        await cancelJob(redis, id, { outcome: 'failed', reason: 'input 7 failed: TypeError: it is not a number' })
        await retireJob(redis, id)
      }),
    )
  }
}
