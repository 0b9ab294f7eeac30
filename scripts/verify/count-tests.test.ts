import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { countTests } from './count-tests.ts'

const folder = mkdtempSync(join(tmpdir(), 'burla-count-'))
afterAll(() => rmSync(folder, { recursive: true }))

function reportOf(testResults: object[], counts: object = {}): string {
  const path = join(folder, 'report.json')
  const none = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 }
  writeFileSync(path, JSON.stringify({ ...none, ...counts, testResults }))
  return path
}

test('passed, failed and skipped tests are counted', () => {
  const path = reportOf([], { numPassedTests: 5, numFailedTests: 1, numPendingTests: 2, numTodoTests: 1 })
  expect(countTests(path, false)).toEqual({ passed: 5, failed: 1, skipped: 3 })
})

test('a file that could not be loaded is a failure', () => {
  const path = reportOf([{ status: 'failed', assertionResults: [] }], { numPassedTests: 5 })
  expect(countTests(path, false)).toEqual({ passed: 5, failed: 1, skipped: 0 })
})

test('a run that failed without a failing test is never counted as all passed', () => {
  expect(countTests(reportOf([], { numPassedTests: 5 }), false)).toEqual({ passed: 5, failed: 1, skipped: 0 })
  expect(countTests(join(folder, 'never-written.json'), false)).toEqual({ passed: 0, failed: 1, skipped: 0 })
})
