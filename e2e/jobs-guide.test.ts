/** What docs/jobs.md shows is what happens. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runProgram } from './run-program.ts'
import { useStaying } from './use-staying.ts'

const staying = useStaying()
const guide = readFileSync(join(import.meta.dirname, '../docs/jobs.md'), 'utf8')

async function outputOf(name: string, ...args: string[]): Promise<string[]> {
  const source = new RegExp(`\`\`\`ts\\n(// ${name}\\n[^]*?)\`\`\``).exec(guide)?.[1]
  expect(source).toBeDefined()
  await using program = runProgram(source ?? '', staying.env, args)
  expect([await program.ended, program.stderr]).toEqual([0, ''])
  return program.stdout.trim().split('\n')
}

test('the programs of the guide submit a job, collect it twice and look around', async () => {
  const [id = '', ...rest] = await outputOf('submit.ts')
  expect(id).toMatch(/^read-pages-/)
  expect(rest).toEqual([])
  const collected = ['1 100', '2 200', '2 RangeError: there is no page 3 after 2 attempts', '4 400']
  expect((await outputOf('collect.ts', id)).filter((line) => !line.includes('reading'))).toEqual(collected)
  expect(await outputOf('collect.ts', id)).toEqual(collected)
  expect(await outputOf('look.ts')).toEqual([
    `${id} completed 4/4 `,
    expect.stringMatching(/^node-1-\w+ (idle|claimed|draining) 0\/2$/),
    `${staying.cluster.api.url} 2`,
  ])
})
