/** What the README shows is what happens. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')

test('the first program of the README prints what its comment says', async () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const program = /```ts\n(\/\/ first\.ts\n[^]*?)```/.exec(readme)?.[1] ?? ''
  const promised = /console\.log\(results\) \/\/ (.*)/.exec(program)?.[1]
  expect(promised).toBeDefined()
  // inside the workspace, so that `burla` is found
  const folder = mkdtempSync(join(root, 'node_modules/.readme-'))
  try {
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(folder, 'first.mjs'), program.replace('(net: number)', '(net)'))
    const { stdout } = await promisify(execFile)(process.execPath, ['first.mjs'], { cwd: folder })
    expect(stdout.trim().split('\n').at(-1)).toBe(promised)
    expect(stdout).toContain('[1] processing 20')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
