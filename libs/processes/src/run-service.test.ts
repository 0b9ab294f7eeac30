import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readSettings } from './run-service.ts'

test('a setting that is missing or empty has its default, or is asked for by its name', () => {
  const settings = readSettings({ BURLA_GIVEN: 'x', BURLA_EMPTY: '' })
  expect(settings.text('BURLA_GIVEN')).toBe('x')
  expect(settings.text('BURLA_EMPTY', 'otherwise')).toBe('otherwise')
  expect(() => settings.text('BURLA_EMPTY')).toThrow('the environment variable BURLA_EMPTY must be set')
})

test('a number is a number above 0', () => {
  const settings = readSettings({ HALF: '0.5', NONE: '0', WORD: 'two' })
  expect([settings.number('HALF'), settings.number('MISSING', 3)]).toEqual([0.5, 3])
  expect(() => settings.number('NONE')).toThrow('NONE must be a number above 0, and not "0"')
  expect(() => settings.number('WORD')).toThrow('WORD must be a number above 0, and not "two"')
})

test('a secret is the content of a file; one that cannot be read is named by its path', () => {
  const folder = mkdtempSync(join(tmpdir(), 'burla-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'token'), 'abc\n')
  const settings = readSettings({ BURLA_SECRETS_DIR: folder })
  expect(settings.secret('token')).toBe('abc')
  expect(() => settings.secret('nothing')).toThrow(`the secret ${folder}/nothing cannot be read`)
})
