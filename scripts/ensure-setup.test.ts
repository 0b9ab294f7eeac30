import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { staleBecause } from './ensure-setup.mjs'

let folder = ''
beforeEach(() => {
  folder = `${mkdtempSync(join(tmpdir(), 'burla-test-'))}/`
})
afterEach(() => rmSync(folder, { recursive: true }))

function write(path: string, content: object = {}): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), JSON.stringify(content))
}

test('packages are installed when there are none, when Node 24 is missing, and when the lock file says otherwise', () => {
  write('package-lock.json', {
    packages: {
      '': { version: '1.0.0' },
      'libs/own': { version: '1.0.0' },
      'node_modules/own': { link: true },
      'node_modules/a': { version: '1.0.0' },
      'node_modules/for-another-platform': { version: '1.0.0', optional: true },
    },
  })
  expect(staleBecause(folder)).toBe('there are none yet')
  write('node_modules/.package-lock.json', { packages: { 'node_modules/a': { version: '0.9.0' } } })
  expect(staleBecause(folder)).toBe('Node 24 is missing')
  write('node_modules/node/bin/node')
  expect(staleBecause(folder)).toBe('node_modules/a is not at 1.0.0')
  write('node_modules/.package-lock.json', { packages: { 'node_modules/a': { version: '1.0.0' } } })
  expect(staleBecause(folder)).toBeUndefined()
})
