/** What capturing and restoring costs in a process of its own: the first time, later, and of large captures. */
import { serialize } from 'node:v8'
import { join } from 'node:path'
import { captureFunction, restoreFunction } from '@burla/closure'
import { median, quantile } from './statistics.ts'

const rate = 1.5
const labels = { base: 'x', weights: [1, 2, 3] }
const weighted = (n: number) => n * rate + labels.weights.length
const small = (n: number) => join(labels.base, String(weighted(n)))
const plain = Array.from({ length: 200_000 }, (_, id) => ({
  id,
  name: `name ${id}`,
  even: id % 2 === 0,
  third: id / 3,
}))
const numbers = new Float64Array((100 * 1024 * 1024) / 8)

const timed = (work: () => unknown) => {
  const startedAt = performance.now()
  work()
  return performance.now() - startedAt
}
const MiB = (bytes: number) => bytes / 1024 / 1024
const memory = () => (globalThis.gc?.(), MiB(process.memoryUsage().arrayBuffers))

const firstMs = timed(() => captureFunction(small))
const later = Array.from({ length: 500 }, () => timed(() => captureFunction(small)))

const { bytes } = captureFunction(small)
const restores: number[] = []
for (let round = 0; round < 100; round++) {
  const startedAt = performance.now()
  await restoreFunction(bytes)
  restores.push(performance.now() - startedAt)
}

const ofPlain: number[] = []
const ofV8: number[] = []
for (let round = 0; round < 7; round++) {
  ofPlain.push(timed(() => captureFunction(() => plain)))
  ofV8.push(timed(() => serialize(plain)))
}

const before = memory()
const startedAt = performance.now()
const large = captureFunction(() => numbers, { mostBytes: Infinity })
const largeMs = performance.now() - startedAt
const captured = memory()
const restored = await restoreFunction(large.bytes)
const after = memory()
if ((restored(0, 0) as Float64Array).length !== numbers.length) throw new Error('the array did not arrive')

process.send?.({
  firstMs,
  laterMs: median(later),
  laterP99Ms: quantile(later, 0.99),
  bytes: bytes.length,
  firstRestoreMs: restores[0],
  restoreMs: median(restores),
  plainMs: median(ofPlain),
  v8Ms: median(ofV8),
  largeMs,
  largeCaptureMiB: captured - before,
  largeRestoreMiB: after - captured,
})
