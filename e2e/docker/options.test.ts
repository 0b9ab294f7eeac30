/** What a job asks for (`image`, `cpus`, `memoryGiB`) is what its function finds, measured from inside. */
import { burla } from 'burla'
import { expect, test } from 'vitest'
import { useCompose } from './use-compose.ts'

useCompose({ nodes: 1, cpusPerNode: 1, memoryGiB: 1 })

/** Far below what a job waits when no node can serve it. */
const seconds = 30_000

test('a function runs in the image of its job, and the next one in the image of the cluster again', async () => {
  const version = () => process.versions.node.split('.')[0]
  expect(await burla.map(version, [0, 1], { image: 'node:20-bookworm-slim' })).toEqual(['20', '20'])
  expect(await burla.map(version, [0])).toEqual(['24'])
})

test(
  'an image without Node fails the job within seconds, naming the image and the reason',
  { timeout: seconds },
  async () => {
    await expect(burla.map((n: number) => n, [1], { image: 'redis:7-bookworm' })).rejects.toMatchObject({
      code: 'JOB_FAILED',
      message: expect.stringMatching(/the image redis:7-bookworm cannot be used: it has no program "node" on its PATH/),
    })
  },
)

test(
  'an image that cannot be had fails the job within seconds, with the words of the engine',
  { timeout: seconds },
  async () => {
    const image = '127.0.0.1:9/nobody/nothing:1'
    await expect(burla.map((n: number) => n, [1], { image })).rejects.toMatchObject({
      code: 'JOB_FAILED',
      message: expect.stringMatching(
        /the image 127\.0\.0\.1:9\/nobody\/nothing:1 cannot be used: .*connection refused/,
      ),
    })
  },
)

test('a fraction of a CPU is what a call gets', async () => {
  const busy = (ms: number) => {
    const { existsSync, readFileSync } = process.getBuiltinModule('node:fs')
    const read = (name: string) => readFileSync(`/sys/fs/cgroup/${name}`, 'utf8')
    const v2 = existsSync('/sys/fs/cgroup/cpu.max')
    const [quota, period] = v2
      ? read('cpu.max').split(' ').map(Number)
      : ['cpu/cpu.cfs_quota_us', 'cpu/cpu.cfs_period_us'].map(read).map(Number)
    const [before, since] = [process.cpuUsage(), performance.now()]
    while (performance.now() - since < ms);
    const { user, system } = process.cpuUsage(before)
    return { limit: (quota ?? NaN) / (period ?? NaN), used: (user + system) / 1000 / (performance.now() - since) }
  }
  const [share] = await burla.map(busy, [1_000], { cpus: 0.6 })
  expect(share?.limit).toBeCloseTo(0.6, 5)
  // A busy machine makes it smaller, never larger: but for what may be left over from the time before.
  expect(share?.used).toBeLessThan(0.8)
})

test('the memory of a call is bounded to what it asked for, and its heap with it', async () => {
  const measure = () => {
    const { heap_size_limit } = process.getBuiltinModule('node:v8').getHeapStatistics()
    return { memory: process.constrainedMemory() / 2 ** 20, heap: heap_size_limit / 2 ** 20 }
  }
  const [asked] = await burla.map(measure, [0], { memoryGiB: 0.6 })
  expect(asked?.memory).toBeCloseTo(0.6 * 1024, -1)
  expect(asked?.heap).toBeGreaterThan(0.6 * 1024 * 0.75 - 1)
  expect(asked?.heap).toBeLessThan(0.6 * 1024)
  expect(await burla.map(measure, [0])).toEqual([{ memory: 1024, heap: expect.any(Number) }])
})

test('as many calls run at once as there is memory for, also when there are CPUs for more', async () => {
  const meet = async (round: string) => {
    const { mkdirSync, readdirSync, rmSync, writeFileSync } = process.getBuiltinModule('node:fs')
    const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
    const own = `shared/${round}/running-${process.env['BURLA_INPUT_INDEX']}`
    mkdirSync(`shared/${round}`, { recursive: true })
    writeFileSync(own, '')
    const running = () => readdirSync(`shared/${round}`).length
    while (running() < 2) await wait(10)
    await wait(300)
    const most = running()
    rmSync(own)
    return most
  }
  const rounds = ['first', 'first', 'second', 'second']
  const together = await burla.map(meet, rounds, { cpus: 0.25, memoryGiB: 0.5, batch: 1 })
  expect(Math.max(...together)).toBe(2)
})

test('more memory than any node has is refused at the call, naming what there is', async () => {
  await expect(burla.map((n: number) => n, [1], { memoryGiB: 4 })).rejects.toMatchObject({
    code: 'NO_CAPACITY',
    message: 'a call needs 4 GiB of memory, and the largest node has 1.0',
  })
})
