/**
 * `npm run bench [throughput|latency|cold|memory|jobs|values|closure|containers ...]`: figures beside those of others, in one run on one machine.
 * Prints a table and writes `bench/out/<time>.json`. These machines are noisy: trust ratios, and runs with little other load.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { configureEmbedded } from '../libs/sdk/src/internal.ts'
import { closure } from './closure.ts'
import { coldStart } from './cold-start.ts'
import { containers } from './containers.ts'
import { jobs } from './jobs.ts'
import { latency } from './latency.ts'
import { machine, quiet } from './machine.ts'
import { memory } from './memory.ts'
import { throughput } from './throughput.ts'
import { values } from './values.ts'

const parts = { throughput, latency, cold: coldStart, memory, jobs, values, closure, containers } as const
const asked = process.argv.slice(2)
// Containers need an engine: they are measured when they are asked for.
const wanted = (Object.keys(parts) as (keyof typeof parts)[]).filter((part) =>
  asked.length === 0 ? part !== 'containers' : asked.includes(part),
)

// Programs that are measured do not find a cluster that stays.
process.env['XDG_DATA_HOME'] = '/dev/null'
configureEmbedded({ nodes: 1, cpusPerNode: 2 })
const results: { -readonly [P in keyof typeof parts]?: Awaited<ReturnType<(typeof parts)[P]>> } = {}
const rows: [what: string, figure: string, beside: string][] = []
const n = (value: number, digits = 0) => value.toLocaleString('en', { maximumFractionDigits: digits })

for (const part of wanted) {
  const otherLoad = await quiet()
  console.error(`${part} ... (other load: ${otherLoad} % of a CPU)`)
  switch (part) {
    case 'throughput': {
      const t = (results.throughput = await throughput())
      rows.push(
        [
          `${n(t.count)} no-op inputs, 2 slots`,
          `${n(t.rates.burla)}/s`,
          `${n(t.ratioToPlainBullmq, 2)}x of plain BullMQ`,
        ],
        ['  plain BullMQ, 2 x 100', `${n(t.rates.plainBullmq)}/s`, ''],
        ['  piscina, 2 threads (no broker)', `${n(t.rates.piscina)}/s`, ''],
      )
      break
    }
    case 'latency': {
      const l = (results.latency = await latency())
      rows.push(
        ['warm map of one input, pool full', `p50 ${n(l.poolFull.p50Ms, 1)} ms`, `p99 ${n(l.poolFull.p99Ms, 1)} ms`],
        ['  100 back to back', `p50 ${n(l.backToBack.p50Ms, 1)} ms`, `p99 ${n(l.backToBack.p99Ms, 1)} ms`],
      )
      break
    }
    case 'cold': {
      const starts = (results.cold = await coldStart())
      rows.push(['`node script` with nothing running to the first result, median of 5', '', ''])
      for (const { where, medianMs, firstMs } of starts) {
        rows.push([`  ${where}`, `${n(medianMs)} ms`, firstMs === undefined ? '' : `the very first ${n(firstMs)} ms`])
      }
      break
    }
    case 'memory': {
      const m = (results.memory = await memory())
      for (const run of m.runs) {
        const what = run.bytesEach > 0 ? `stream of ${n(run.inputs)} x 1 MiB, in and out` : `stream of ${n(run.inputs)}`
        rows.push([
          what,
          `client ${n(run.clientMiB)} MiB (heap ${n(run.clientHeapMiB)})`,
          `Redis ${n(run.redisMiB)} MiB, ${n(run.seconds, 1)} s`,
        ])
      }
      rows.push(['  200,000 against 20,000', `client ${n(m.clientRatio, 2)}x`, `Redis ${n(m.redisRatio, 2)}x`])
      break
    }
    case 'jobs': {
      const j = (results.jobs = await jobs())
      rows.push(
        [`burla.jobs() with ${n(j.finished)} finished`, `${n(j.defaultMs, 1)} ms`, 'the newest 1,000'],
        ['  the newest 100, all of them', `${n(j.limit100Ms, 1)} ms, ${n(j.allMs, 1)} ms`, ''],
        [
          `submit of ${n(j.inputs)} no-op inputs`,
          `stored in ${n(j.storedMs)} ms`,
          `${n(j.perSecond)}/s to all results`,
        ],
        ['  reading them again', `${n(j.readPerSecond)}/s`, ''],
      )
      break
    }
    case 'values': {
      const { count, megabytesPerSecond: rate } = (results.values = await values())
      rows.push(
        [`${n(count)} inputs of 1 MiB`, `${n(rate.there)} MB/s`, `plain SET ${n(rate.set)} MB/s`],
        [`  results of 1 MiB`, `${n(rate.back)} MB/s`, `plain GET ${n(rate.get)} MB/s`],
        [`  both`, `${n(rate.both)} MB/s each way`, ''],
      )
      break
    }
    case 'containers': {
      const { processes: p, containers: c } = (results.containers = await containers())
      const beside = (ms: number) => `processes ${n(ms, 1)} ms`
      rows.push(
        ['compose: map of one input, pool full', `p50 ${n(c.poolFull.p50Ms, 1)} ms`, beside(p.poolFull.p50Ms)],
        ['  p99', `${n(c.poolFull.p99Ms, 1)} ms`, beside(p.poolFull.p99Ms)],
        ['  back to back', `p50 ${n(c.backToBack.p50Ms, 1)} ms`, beside(p.backToBack.p50Ms)],
        [
          '  from the making of the job to its first call',
          `p50 ${n(c.firstInput.p50Ms)} ms`,
          beside(p.firstInput.p50Ms),
        ],
        ['  the same in a cold container', `median ${n(c.coldMs)} ms`, ''],
        [
          '  with a package that is there',
          `p50 ${n(c.layers.thereMs, 1)} ms`,
          `without ${n(c.layers.noneMs, 1)} ms; installing it took ${n(c.layers.firstMs)} ms`,
        ],
        ['  1,000 no-op inputs on two nodes of one slot', `median ${n(c.thousandMs)} ms`, beside(p.thousandMs)],
      )
      break
    }
    case 'closure': {
      const c = (results.closure = await closure())
      rows.push(
        ['capture of a small closure, the first of a process', `${n(c.firstMs)} ms`, `${n(c.bytes)} bytes`],
        ['  later', `p50 ${n(c.laterMs, 2)} ms`, `p99 ${n(c.laterP99Ms, 1)} ms`],
        ['restoring it, the first of a process', `${n(c.firstRestoreMs, 1)} ms`, `later ${n(c.restoreMs, 2)} ms`],
        ['capture of 200,000 plain objects', `${n(c.plainMs)} ms`, `${n(c.plainRatio, 1)}x of v8.serialize`],
        [
          'capture of a Float64Array of 100 MiB',
          `${n(c.largeMs)} ms`,
          `${n(c.largeCaptureMiB)} MiB more, ${n(c.largeRestoreMiB)} where it is restored`,
        ],
        [
          'warm map of one input, a small closure',
          `p50 ${n(c.map.closureP50Ms, 1)} ms`,
          `a function alone ${n(c.map.textP50Ms, 1)} ms`,
        ],
      )
      break
    }
  }
}

const width = (column: 0 | 1) => Math.max(...rows.map((row) => row[column].length))
for (const [what, figure, beside] of rows)
  console.log(`${what.padEnd(width(0))}  ${figure.padEnd(width(1))}  ${beside}`)
const out = new URL('./out/', import.meta.url)
mkdirSync(out, { recursive: true })
const file = new URL(`${new Date().toISOString().replaceAll(':', '-')}.json`, out)
writeFileSync(file, `${JSON.stringify({ machine: machine(), ...results }, null, 2)}\n`)
console.log(`written to ${file.pathname}`)
