import { appendFileSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { boundLog, openLog } from './bounded-log.ts'

const limit = 4 * 1024 * 1024
let path = ''
beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'burla-test-')), 'api.log')
})
afterEach(() => rmSync(join(path, '..'), { recursive: true }))

test('a log and the one before it stay below a bound, and the last lines are there', () => {
  const log = openLog(path)
  for (let n = 0; n < 130; n++) log(`${n} ${'x'.repeat(100_000)}`)
  expect(statSync(path).size).toBeLessThan(limit + 100_010)
  expect(statSync(`${path}.1`).size).toBeLessThan(limit + 100_010)
  const text = readFileSync(`${path}.1`, 'utf8') + readFileSync(path, 'utf8')
  expect(text.split('\n').at(-2)?.slice(0, 4)).toBe('129 ')
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('what was in the log before counts too', () => {
  appendFileSync(path, 'x'.repeat(limit))
  openLog(path)('more')
  expect(statSync(path).size).toBe(0)
  expect(readFileSync(`${path}.1`, 'utf8').slice(-5)).toBe('more\n')
})

test('a file that another process has open is cut under it', () => {
  const file = openSync(path, 'a')
  writeSync(file, 'x'.repeat(limit + 1))
  boundLog(path)
  writeSync(file, 'after\n')
  closeSync(file)
  expect(readFileSync(path, 'utf8')).toBe('after\n')
})
