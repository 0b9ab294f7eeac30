/** (d) What a long stream and large values cost in the client and in Redis: each run is a program of its own. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface MemoryRun {
  inputs: number
  bytesEach: number
  seconds: number
  /** the most that was resident */
  clientMiB: number
  /** in use after a garbage collection at the end */
  clientHeapMiB: number
  redisMiB: number
}

export async function memory() {
  const short = await run({ inputs: 20_000, bytesEach: 0 })
  const long = await run({ inputs: 200_000, bytesEach: 0 })
  const large = await run({ inputs: 2_000, bytesEach: 1024 * 1024 })
  return {
    runs: [short, long, large],
    clientRatio: long.clientMiB / short.clientMiB,
    redisRatio: long.redisMiB / short.redisMiB,
    largeMiBPerSecond: large.inputs / large.seconds,
  }
}

async function run(job: { inputs: number; bytesEach: number }): Promise<MemoryRun> {
  // V8 lets its young generation grow with the age of a process, whatever the program does; fixed, what is left to see
  // is what the program keeps.
  const execArgv = ['--max-semi-space-size=8', '--expose-gc']
  const child = fork(fileURLToPath(new URL('./memory-program.ts', import.meta.url)), { execArgv })
  child.send(job)
  const [figures] = (await once(child, 'message')) as [MemoryRun]
  await once(child, 'exit')
  return figures
}
