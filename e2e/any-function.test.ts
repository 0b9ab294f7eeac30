/** Functions of whole programs, as a user writes them: what runs where, and what is told of it. */
import { expect, test } from 'vitest'
import { runProgram } from './run-program.ts'

const configured = `
import { burla } from 'burla'
import { configureEmbedded } from 'burla/internal'
configureEmbedded({ nodes: 1, cpusPerNode: 2 })
`

test('P5 the entry module runs once, here, and never where its functions run', async () => {
  await using program = runProgram(`${configured}
    import { appendFileSync } from 'node:fs'
    appendFileSync('runs', 'x')
    Object.assign(globalThis, { started: true })
    const runs = await burla.map(() => [process.pid, 'started' in globalThis], [0, 1, 2])
    const { readFileSync } = await import('node:fs')
    console.log(readFileSync('runs', 'utf8'), runs.map(([pid, started]) => [pid === process.pid, started]))`)
  expect([await program.ended, program.stderr]).toEqual([0, ''])
  expect(program.stdout).toBe('x [ [ false, false ], [ false, false ], [ false, false ] ]\n')
})

test.each(['', '--import tsx'])('a stack names the lines that were written, with "%s"', async (options) => {
  await using program = runProgram(
    `${configured}
    interface Removed {
      value: number
    }
    function refuse({ value }: Removed): never {
      throw new Error('no ' + value)
    }
    const [outcome] = await burla.settle((value: number) => refuse({ value }), [7])
    console.log(outcome.reason.stack)`,
    options === '' ? {} : { NODE_OPTIONS: options },
  )
  expect([await program.ended, program.stderr]).toEqual([0, ''])
  const places = [...program.stdout.matchAll(/program\.ts:(\d+):|(called from)/g)].map(([, line, from]) => line ?? from)
  expect(places.slice(0, 4)).toEqual(['10', '12', 'called from', '12'])
})

test('a local module that is imported inside the function, and one of setup, are those of the call, with all they import', async () => {
  await using program = runProgram(`${configured}
    import { rmSync, writeFileSync } from 'node:fs'
    writeFileSync('deeper.ts', 'export const factor: number = 3')
    writeFileSync('later.ts', "import { factor } from './deeper.ts'; export const triple = (n: number) => n * factor")
    writeFileSync('setup.ts', "import { factor } from './deeper.ts'; Object.assign(globalThis, { ready: factor as number })")
    const triple = async (n: number) => [(await import('./later.ts')).triple(n), (globalThis as { ready?: number }).ready]
    const results = burla.map(triple, [1, 2], { setup: ['./setup.ts'] })
    for (const file of ['deeper.ts', 'later.ts', 'setup.ts']) rmSync(file)
    console.log(await results)`)
  expect([await program.ended, program.stderr]).toEqual([0, ''])
  expect(program.stdout).toBe('[ [ 3, 3 ], [ 6, 3 ] ]\n')
})
