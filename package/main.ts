/**
 * `npm run test:package`: packs `burla` and tests the tarball: what is in it, its types, its installation, and the whole
 * end-to-end suite from it, on each Node that is promised. The last line is the count of the tests.
 *
 *   npm run test:package -- --node 20         only what runs on Node 20
 *   npm run test:package -- --only e2e map    only the suite; what follows is for vitest
 *   npm run test:package -- --only package    only the tests in this folder
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { addCounts, countTests, type Counts } from '../scripts/verify/count-tests.ts'
import { majors, nodeOf, type Major } from '@burla/testkit/nodes'
import { packPackage } from './pack.ts'
import { reporting, runSuite } from './suite.ts'

const root = join(import.meta.dirname, '..')
const { values, positionals } = parseArgs({
  options: { node: { type: 'string', default: majors.join() }, only: { type: 'string' }, counts: { type: 'string' } },
  allowPositionals: true,
})
const nodes = values.node.split(',') as Major[]
if (nodes.some((major) => !majors.includes(major))) throw new Error(`--node takes some of ${majors.join()}`)

const folder = mkdtempSync(join(tmpdir(), 'burla-package-'))
try {
  const packed = join(folder, 'packed')
  mkdirSync(packed)
  const tarball = packPackage(packed)
  const runs: Record<string, (report: string) => boolean> = {}
  if (values.only !== 'e2e') runs['the tarball'] = (report) => runPackageTests(tarball, report)
  if (values.only !== 'package') {
    for (const major of nodes)
      runs[`the suite on Node ${major}`] = (report) => runSuite(major, tarball, report, positionals)
  }
  const counts = Object.entries(runs).map(([name, run], at) => countRun(name, run, join(folder, `report-${at}.json`)))
  const sum = addCounts(counts)
  if (values.counts !== undefined) writeFileSync(values.counts, JSON.stringify(sum))
  console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`)
  process.exitCode = sum.failed === 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true })
}

function countRun(name: string, run: (report: string) => boolean, report: string): Counts {
  console.log(`\n== ${name}`)
  const startedAt = performance.now()
  const passed = run(report)
  console.log(`== ${name}: ${passed ? 'ok' : 'FAILED'} after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`)
  return countTests(report, passed)
}

function runPackageTests(tarball: string, report: string): boolean {
  const paths = Object.fromEntries(nodes.map((major) => [major, nodeOf(major)]))
  const args = ['run', '--config', join(import.meta.dirname, 'vitest.config.ts'), ...reporting(report), ...positionals]
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, BURLA_TARBALL: tarball, BURLA_NODES: JSON.stringify(paths) },
  })
  return status === 0
}
