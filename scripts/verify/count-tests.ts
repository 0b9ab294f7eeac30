import { existsSync, readFileSync } from 'node:fs'

interface Report {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: { status: string; assertionResults: unknown[] }[]
}

/** A file that could not be loaded, and a run that failed without a failing test (a leak), count as one failure each. */
export function countTests(reportPath: string, runPassed: boolean) {
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
