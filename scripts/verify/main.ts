/**
 * Everything that must hold before a change goes in, the fast checks first. CI runs exactly this. Each check runs even
 * when one before it has failed, so one run tells all. The last line is the count of the tests.
 * The tests with containers are skipped, with the reason, where no Docker engine answers.
 */
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { addCounts, countTests, readCounts } from './count-tests.ts'

const cache = join(import.meta.dirname, '../../node_modules/.cache')
const report = join(cache, 'verify-tests.json')
const dockerReport = join(cache, 'verify-docker.json')
const packageCounts = join(cache, 'verify-package.json')
for (const path of [report, dockerReport, packageCounts]) rmSync(path, { force: true })
const reporters = (path: string) => ['--', '--reporter=default', '--reporter=json', `--outputFile.json=${path}`]

const checks: Record<string, string[]> = {
  types: ['check:types'],
  lint: ['lint'],
  format: ['format:check'],
  'unused code': ['unused'],
  tests: ['test', ...reporters(report)],
  'tests with containers': ['test:docker', ...reporters(dockerReport)],
  build: ['build'],
  'the package': ['test:package', '--', '--counts', packageCounts],
}

const failed: string[] = []
for (const [name, script] of Object.entries(checks)) {
  console.log(`\n== ${name}: npm run ${script[0]}`)
  const startedAt = performance.now()
  const { status } = spawnSync('npm', ['run', '--silent', ...script], { stdio: 'inherit' })
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  console.log(`== ${name}: ${status === 0 ? 'ok' : 'FAILED'} after ${seconds} s`)
  if (status !== 0) failed.push(name)
}

const counts = addCounts([
  countTests(report, !failed.includes('tests')),
  countTests(dockerReport, !failed.includes('tests with containers')),
  readCounts(packageCounts, !failed.includes('the package')),
])
console.log(failed.length === 0 ? '\nverify: all ok' : `\nverify: FAILED: ${failed.join(', ')}`)
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
process.exitCode = failed.length === 0 ? 0 : 1
