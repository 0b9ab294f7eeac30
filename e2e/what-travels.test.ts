/** What docs/what-travels.md shows is what happens. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runProgram } from './run-program.ts'

const guide = readFileSync(join(import.meta.dirname, '../docs/what-travels.md'), 'utf8')

async function run(name: string): Promise<{ source: string; stdout: string }> {
  const source = new RegExp(`\`\`\`ts\\n(// ${name}\\n[^]*?)\`\`\``).exec(guide)?.[1] ?? ''
  expect(source).not.toBe('')
  await using program = runProgram(source)
  expect([await program.ended, program.stderr]).toEqual([0, ''])
  return { source, stdout: program.stdout }
}

test.each(['travels.ts', 'remedies.ts', 'setup.ts'])('%s prints what its comments say', async (name) => {
  const { source, stdout } = await run(name)
  const said = [...source.matchAll(/^console\.log\(.*\) \/\/ (.*)$/gm)].map(([, text]) => text)
  expect(said.length).toBeGreaterThan(0)
  expect(stdout).toBe(`${said.join('\n')}\n`)
})

test('each refusal says what the guide says, at the call', async () => {
  const { stdout } = await run('refused.ts')
  expect(stdout).toBe(/```text\n([^]*?)```/.exec(guide)?.[1])
})
