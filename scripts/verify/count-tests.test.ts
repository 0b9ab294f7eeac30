import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { addCounts, countTests, readCounts } from './count-tests.ts'

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

test('the counts of several runs are added up, and one that failed or wrote down none is a failure', () => {
  const path = join(folder, 'counts.json')
  writeFileSync(path, JSON.stringify({ passed: 3, failed: 0, skipped: 1 }))
  expect(readCounts(path, true)).toEqual({ passed: 3, failed: 0, skipped: 1 })
  expect(readCounts(path, false)).toEqual({ passed: 3, failed: 1, skipped: 1 })
  expect(readCounts(join(folder, 'never-written.json'), true)).toEqual({ passed: 0, failed: 1, skipped: 0 })
  expect(addCounts([readCounts(path, true), { passed: 5, failed: 2, skipped: 0 }])).toEqual({
    passed: 8,
    failed: 2,
    skipped: 1,
  })
})
