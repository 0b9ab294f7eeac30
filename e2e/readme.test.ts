/** What the README shows is what happens. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runProgram } from './run-program.ts'

test('the first program of the README prints what its comment says', async () => {
  const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')
  const source = /```ts\n(\/\/ first\.ts\n[^]*?)```/.exec(readme)?.[1] ?? ''
  const promised = /console\.log\(results\) \/\/ (.*)/.exec(source)?.[1]
  expect(promised).toBeDefined()
  await using program = runProgram(source)
  expect(await program.ended).toBe(0)
  expect(program.stdout.trim().split('\n').at(-1)).toBe(promised)
  expect(program.stdout).toContain('[1] processing 20')
})
