/** Each example is run as a reader would run it, in a folder of its own, and says what it should. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nodeArgs } from './under-test.ts'

const examples = join(import.meta.dirname, '../examples')
let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'burla-example-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test.each<[string, RegExp]>([
  ['option-pricing', /^4,000,000 paths: 7\.1\d+ ± 0\.00\d+; the formula says 7\.1281$/m],
  ['parameter-sweep/sweep', /^8 neighbours, nearness 0: off by 0\.1738$/m],
  ['resize-images', /^37 images made smaller[^]*picture-12\.jpg: [^]*picture-25\.jpg: [^]*picture-38\.jpg: /],
  ['scrape', /^57 pages with 87 different links\n6 pages needed more[^]*PageError: \/pages\/57 answered with 404$/m],
  ['big-file', /2,000,000 temperatures of 40 stations\nstation 0: -10 to 26, 8\.00 on average$/m],
])('examples/%s', async (name, says) => {
  const { stdout } = await promisify(execFile)(process.execPath, [...nodeArgs, join(examples, `${name}.ts`)], {
    cwd: folder,
  })
  expect(stdout).toMatch(says)
  expect(readdirSync(folder)).toEqual([])
})
