/**
 * A cluster in containers (`docker compose up`) beside one of processes, each two nodes of one slot: a job that finds a
 * warm runner, jobs back to back, a cold container, packages, and tiny inputs. Needs a Docker engine.
 */
import { execFileSync } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { mean } from 'simple-statistics'
import { burla } from 'burla'
import { imageTag, newCompose, up } from '../e2e/docker/compose-cluster.ts'
import { configureEmbedded } from '../libs/sdk/src/internal.ts'
import { median, quantile } from './statistics.ts'

const identity = (x: number) => x
const withPackage = (x: number) => (typeof mean === 'function' ? x : 0)
const shape = { nodes: 2, cpusPerNode: 1 }

export async function containers(calls = 50) {
  configureEmbedded(shape)
  await burla.map(identity, [0])
  const processes = await measure(calls)
  await burla.close()

  execFileSync('docker', ['compose', 'build', '--quiet'], {
    env: { ...process.env, BURLA_IMAGE_TAG: imageTag },
    stdio: 'inherit',
  })
  const cluster = await newCompose(`burla-bench-${process.pid}`, shape)
  try {
    await up(cluster, shape)
    Object.assign(process.env, cluster.env)
    const warm = await measure(calls)
    const layers = await packages(calls)
    return { calls, processes, containers: { ...warm, layers, coldMs: await coldContainer() } }
  } finally {
    delete process.env['BURLA_CLUSTER_URL']
    await cluster.compose('down', '-v')
  }
}

async function measure(calls: number) {
  await mapOnce()
  const full: number[] = []
  const firstInput: number[] = []
  for (let call = 0; call < calls; call++) {
    await poolIsFull()
    const { ms, beginsAfterMs } = await mapOnce()
    full.push(ms)
    firstInput.push(beginsAfterMs)
  }
  const backToBack: number[] = []
  for (let call = 0; call < calls; call++) backToBack.push((await mapOnce()).ms)
  const tiny: number[] = []
  for (let round = 0; round < 5; round++) {
    await poolIsFull()
    const inputs = Array.from({ length: 1_000 }, (_, n) => n)
    const startedAt = performance.now()
    await burla.map(identity, inputs, { progress: false })
    tiny.push(performance.now() - startedAt)
  }
  const figures = (ms: number[]) => ({ p50Ms: quantile(ms, 0.5), p99Ms: quantile(ms, 0.99) })
  return {
    poolFull: figures(full),
    backToBack: figures(backToBack),
    firstInput: figures(firstInput),
    thousandMs: median(tiny),
  }
}

/** An image that is named has no warm runner: the container is made for the job. */
async function coldContainer(rounds = 7): Promise<number> {
  const ms: number[] = []
  for (let round = 0; round < rounds; round++) {
    await poolIsFull()
    ms.push((await mapOnce({ image: `burla-runner:${imageTag}` })).beginsAfterMs)
  }
  return median(ms)
}

/** One after the other, so that both see the same machine. `firstMs`: with the installation. */
async function packages(rounds: number) {
  const { ms: firstMs } = await mapOnce({}, withPackage)
  const [there, none]: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    await poolIsFull()
    there.push((await mapOnce({}, withPackage)).ms)
    await poolIsFull()
    none.push((await mapOnce()).ms)
  }
  return { firstMs, thereMs: median(there), noneMs: median(none) }
}

/** `beginsAfterMs`: from the making of the job to the begin of its first call, by the clocks of the cluster. */
async function mapOnce(options = {}, fn = identity): Promise<{ ms: number; beginsAfterMs: number }> {
  const startedAt = performance.now()
  const results = burla.map(fn, [1], { progress: false, ...options })
  await results
  const ms = performance.now() - startedAt
  const job = await burla.job(results.jobId).status()
  return { ms, beginsAfterMs: (job.startedAt ?? NaN) - job.createdAt }
}

async function poolIsFull(): Promise<void> {
  while (!(await burla.nodes()).every(({ state, warm }) => state === 'idle' && warm)) await delay(5)
}
