/** Each example is run as a reader would run it, in a folder of its own, and says what it should. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { examples, localExamples, runExample } from './run-example.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'burla-example-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test.each([...examples, ...localExamples])('examples/%s', async (name, says) => {
  expect(await runExample(name, folder)).toMatch(says)
  expect(readdirSync(folder)).toEqual([])
})
