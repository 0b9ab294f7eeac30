import { existsSync, readFileSync } from 'node:fs'

interface Report {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: { status: string; assertionResults: unknown[] }[]
}

export interface Counts {
  passed: number
  failed: number
  skipped: number
}

export function addCounts(counts: Counts[]): Counts {
  const sum = { passed: 0, failed: 0, skipped: 0 }
  for (const { passed, failed, skipped } of counts) {
    sum.passed += passed
    sum.failed += failed
    sum.skipped += skipped
  }
  return sum
}

/** What a run wrote down itself. A run that failed, or did not come so far, is never counted as all passed. */
export function readCounts(path: string, runPassed: boolean): Counts {
  const counts = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Counts) : undefined
  if (counts === undefined) return { passed: 0, failed: 1, skipped: 0 }
  return { ...counts, failed: runPassed ? counts.failed : Math.max(1, counts.failed) }
}

/** A file that could not be loaded, and a run that failed without a failing test (a leak), count as one failure each. */
export function countTests(reportPath: string, runPassed: boolean): Counts {
  if (!existsSync(reportPath)) return { passed: 0, failed: 1, skipped: 0 }
  const report = JSON.parse(readFileSync(reportPath, 'utf8')) as Report
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  )
  const failed = report.numFailedTests + unloaded.length
  return {
    passed: report.numPassedTests,
    failed: runPassed ? failed : Math.max(1, failed),
    skipped: report.numPendingTests + report.numTodoTests,
  }
}
